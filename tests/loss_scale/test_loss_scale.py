"""Which characters are trained, and how strongly: one table, then the syntax and its faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentdata.conversation import Conversation, Message
from agentdata.errors import UsageError
from agentdata.loss_scale import parse_loss_scale, weigh
from agentdata.loss_scale.spec import preset_names
from agentdata.templates import get_template, render

USER = Message("user", "q")


def weighed(spec: str, *messages: Message) -> list[tuple[str, float]]:
    """The weighed pieces of a ChatML prompt, those of weight 0 left out."""
    conversation = Conversation("id", messages)
    prompt = render(conversation, get_template("chatml"))
    weights = weigh(prompt, conversation, parse_loss_scale(spec))
    assert weights.ends[-1] == len(prompt.text)
    pieces, start = [], 0
    for end, weight in zip(weights.ends.tolist(), weights.values.tolist(), strict=True):
        pieces.append((prompt.text[start:end], weight))
        start = end
    return [piece for piece in pieces if piece[1]]


def said(text: str, **flags: Any) -> Message:
    return Message("assistant", text, **flags)


END = "<|im_end|>\n"


@pytest.mark.parametrize(
    ("spec", "messages", "expected"),
    [
        pytest.param("default", (USER, said("hi")), [("hi" + END, 1)], id="reply and stop token"),
        pytest.param(
            "default",
            (USER, said("a"), USER, said("b")),
            [("a" + END, 1), ("b" + END, 1)],
            id="every turn",
        ),
        pytest.param(
            "last_round", (USER, said("a"), USER, said("b")), [("b" + END, 1)], id="only the last"
        ),
        pytest.param(
            "default",
            (USER, said("a", loss=False), USER, said("b")),
            [("b" + END, 1)],
            id="a message left out, its stop token too",
        ),
        pytest.param(
            "last_round",
            (USER, said("a", loss=True), USER, said("b")),
            [("a" + END, 1), ("b" + END, 1)],
            id="a message put in",
        ),
        pytest.param(
            "hermes",
            (USER, said("<tool_call>x</tool_call>", loss_scale=0.25)),
            [("<tool_call>x</tool_call>", 0.25), (END, 1)],
            id="a message's own weight goes before the rules",
        ),
        pytest.param(
            "react",
            (
                USER,
                said("Thought: t\nAction: f\nAction Input: {}\nObservation: o\nFinal Answer: a"),
            ),
            [
                ("Thought: t\n", 1),
                ("Action: f\nAction Input: {}\nObservation:", 2),
                ("Final Answer: a" + END, 1),
            ],
            id="react: the observation's word is trained, what it holds is not",
        ),
        pytest.param(
            "hermes+ignore_empty_think",
            (USER, said("<think>\n\n</think>\n\n<tool_call>f</tool_call>")),
            [("<tool_call>f</tool_call>", 2), (END, 1)],
            id="chains multiply",
        ),
        pytest.param(
            "agentflan",
            (Message("user", "What is the value of x?"), said("3")),
            [("3", 3), (END, 1)],
            id="agentflan: the query weighs the whole reply",
        ),
    ],
)
def test_weights(
    spec: str, messages: tuple[Message, ...], expected: list[tuple[str, float]]
) -> None:
    assert weighed(spec, *messages) == expected


def test_all_trains_every_character() -> None:
    (piece,) = weighed("all", USER, said("a"))
    assert piece == ("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n", 1)


def test_a_file_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"Action:": [3.0, 0.5], "ignored when keys are there": [0.0]}))
    pieces = weighed(str(path), USER, said("x Action: f"))
    assert pieces == [("x ", 1), ("Action:", 3), (" f", 0.5), (END, 1)]


def test_a_file_of_patterns(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({r"\d+": [0.0], "b+": [2.0]}))
    assert weighed(str(path), USER, said("a12bb")) == [("a", 1), ("bb", 2), (END, 1)]


def test_presets_are_the_published_ones() -> None:
    names = ["agentflan", "alpha_umi", "hermes", "ignore_empty_think", "ignore_think_prefix"]
    assert preset_names() == [*names, "qwen", "react"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "one JSON object"),
        ('{"a": [1, 2, 3]}', "1 or 2 numbers"),
        ('{"a": ["1"]}', "1 or 2 numbers"),
        ('{"a": [-1.0]}', ">= 0"),
        ('{"(": [1.0]}', "regular expression"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content)
    with pytest.raises(UsageError, match="--loss-scale") as caught:
        parse_loss_scale(str(path))
    assert words in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="ignore_empty_think"):
        parse_loss_scale("last_round+reakt")
