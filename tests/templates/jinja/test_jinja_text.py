"""Text that knows its sources: a string like any other, and no character's source is ever wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.errors import RowError
from agentdata.templates.jinja.origin import Field, Origin, of
from agentdata.templates.jinja.safe_text import escaped, marked
from agentdata.templates.jinja.text import Text, from_origin
from agentdata.templates.jinja.values import as_json, as_text, traced


def numbered(value: str, first: int = 0) -> Text:
    """A text in which each character is a source of its own, by its number."""
    runs = tuple((1, of(Origin(Field.CONTENT, first + i))) for i in range(len(value)))
    return Text(value, runs)


def sources(text: Text) -> list[int | None]:
    return [mark[0].message for length, mark in text.runs for _ in range(length)]


WORDS = st.text(alphabet="ab \n\tß,", max_size=12)
CUTS: dict[str, Any] = {
    "strip": lambda s, x: s.strip(),
    "strip chars": lambda s, x: s.strip("ab"),
    "lstrip": lambda s, x: s.lstrip("\n"),
    "rstrip": lambda s, x: s.rstrip(),
    "split": lambda s, x: s.split(),
    "split twice": lambda s, x: s.split(None, 2),
    "rsplit": lambda s, x: s.rsplit(None, 1),
    "split at": lambda s, x: s.split(x) if x else [s],
    "rsplit at": lambda s, x: s.rsplit(x, 1) if x else [s],
    "splitlines": lambda s, x: s.splitlines(),
    "splitlines with ends": lambda s, x: s.splitlines(True),
    "partition": lambda s, x: list(s.partition(x or ",")),
    "rpartition": lambda s, x: list(s.rpartition(x or ",")),
    "slice": lambda s, x: s[1:-1],
    "backwards": lambda s, x: s[::-1],
    "every second": lambda s, x: s[1::2],
    "characters": lambda s, x: list(s),
    "remove prefix": lambda s, x: s.removeprefix(x),
    "remove suffix": lambda s, x: s.removesuffix(x),
    "replace": lambda s, x: s.replace(x or ",", "zz"),
    "replace once": lambda s, x: s.replace("a", "", 1),
    "join": lambda s, x: s.join(["x", "", "y"]),
    "add": lambda s, x: s + x,
    "add before": lambda s, x: x + s,
    "times": lambda s, x: 2 * s * 2,
}
MADE: dict[str, Any] = {
    "upper": lambda s, x: s.upper(),
    "title": lambda s, x: s.title(),
    "replace nothing": lambda s, x: s.replace("", "-"),
    "center": lambda s, x: s.center(20),
    "expandtabs": lambda s, x: s.expandtabs(),
    "percent": lambda s, x: (s.replace("%", "") + "%s|%d") % (x, 3),
}


@pytest.mark.parametrize("name", CUTS)
@given(WORDS, st.sampled_from(["", "a", ", ", "b", "\n"]))
def test_every_operation_gives_what_a_string_gives_and_keeps_the_sources(
    name: str, word: str, other: str
) -> None:
    expected = CUTS[name](word, other)
    given_ = CUTS[name](numbered(word), other)
    assert given_ == expected
    for piece in given_ if isinstance(given_, list) else [given_]:
        assert isinstance(piece, Text)
        known = sources(piece)
        assert len(known) == len(piece)
        for character, source in zip(str.__str__(piece), known, strict=True):
            if source is not None:
                assert word[source].lower() == character.lower()


@pytest.mark.parametrize("name", MADE)
@given(WORDS, st.sampled_from(["", "a", ", "]))
def test_operations_that_make_new_text_give_what_a_string_gives(
    name: str, word: str, other: str
) -> None:
    made = MADE[name](numbered(word), other)
    assert made == MADE[name](word, other)
    assert isinstance(made, Text) and len(sources(made)) == len(made)


def test_a_cut_keeps_all_sources() -> None:
    assert sources(numbered("  ab  ").strip()) == [2, 3]
    assert sources(numbered("a-b-c").replace("-", "")) == [0, 2, 4]
    assert [sources(p) for p in numbered("a b").split()] == [[0], [2]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from([None, 0, 2]), st.booleans())
def test_json_and_python_text_of_a_value_are_those_of_the_plain_value(
    value: Any, indent: int | None, sort: bool
) -> None:
    one = traced(value, Origin(Field.TOOLS))
    assert as_json(one, indent=indent, sort_keys=sort) == json.dumps(
        value, ensure_ascii=False, indent=indent, sort_keys=sort
    )
    assert as_text(one) == str(value)


def test_json_of_values_from_several_sources_keeps_them_apart() -> None:
    mixed = {
        "name": from_origin("f", Origin(Field.CALL, 1)),
        "said": [from_origin('"', Origin(Field.CONTENT, 2))],
    }
    text = as_json(mixed)
    assert text == '{"name": "f", "said": ["\\""]}'
    by_message = {
        mark[0].message: text[sum(run[0] for run in text.runs[:i]) :][:length]
        for i, (length, mark) in enumerate(text.runs)
        if mark[0].message
    }
    assert by_message == {1: '"f"', 2: '["\\""]'}


def test_marked_text_escapes_what_is_put_beside_it_as_markup_does() -> None:
    assert "a<b" + marked(numbered("x")) == "a&lt;b" + "x"
    assert marked(numbered("<i>")) + "&" == "<i>&amp;"
    assert sources(escaped(numbered("<")))[:4] == [0, 0, 0, 0]


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(RowError, match="characters"):
        numbered("ab") * 10**9
