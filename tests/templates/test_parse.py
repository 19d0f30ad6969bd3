"""Models' texts read back: dirty ones in a table, then what must hold for all calls and all texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agentdata
from agentdata.call_text.gemma_calls import GemmaCalls
from agentdata.call_text.json_calls import JsonCalls
from agentdata.call_text.minimax_calls import MiniMaxCalls
from agentdata.call_text.named_calls import NamedCalls
from agentdata.call_text.parameter_calls import ParameterCalls
from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import UsageError
from agentdata.json_text import JsonError, loads
from agentdata.templates import get_template, render
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.parse import known_wires, parse_calls
from agentdata.templates.parsing import wires
from agentdata.templates.parsing.wire import ParsedText, TurnWire, Wire, read_text


def told(parsed: ParsedText, text: str) -> tuple[object, ...]:
    """What a table says of a text: content, reasoning, calls, and faults with the text there."""
    calls = [(call.name, call.arguments) for call in parsed.tool_calls]
    faults = [(fault.code, text[fault.start : fault.end]) for fault in parsed.faults]
    return parsed.content, parsed.reasoning, calls, faults


@pytest.mark.parametrize(
    ("template", "text", "content", "reasoning", "calls", "faults"),
    [
        pytest.param(
            "hermes",
            '<think>\nwhy\n</think>\n\nhi<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>',
            "hi",
            "why",
            [("f", {})],
            [],
            id="clean",
        ),
        pytest.param("hermes", "Just text.", "Just text.", None, [], [], id="no call"),
        pytest.param("hermes", "Hi.<|im_end|>\n", "Hi.", None, [], [], id="end of turn"),
        pytest.param("hermes", "<think>\n\n</think>\n\nHi", "Hi", "", [], [], id="empty thinking"),
        pytest.param(
            "hermes", "so\n</think>\n\nHi", "Hi", "so", [], [], id="thinking that the server opened"
        ),
        pytest.param(
            "hermes",
            '<think>so\n<tool_call>{"name": "f", "arguments": {}}</tool_call>',
            "",
            "so",
            [("f", {})],
            [("missing_end", 'so\n<tool_call>{"name": "f", "arguments": {}}</tool_call>')],
            id="thinking without an end",
        ),
        pytest.param(
            "hermes",
            '<tool_call>{"name": "f", "arguments": {"a": 1}}}</tool_call> ok',
            " ok",
            None,
            [("f", {"a": 1})],
            [("text_after_json", "}"), ("text_after_calls", " ok")],
            id="text after the JSON and after the call",
        ),
        pytest.param(
            "hermes",
            '<tool_call>\n{"name": "f", "arguments": {}}\n<tool_call>\n{"name": "g", "arguments": {}}',
            "",
            None,
            [("f", {}), ("g", {})],
            [("missing_end", ""), ("missing_end", "")],
            id="no end tags",
        ),
        pytest.param(
            "hermes",
            '<tool_call>\n```json\n{"name": "f", "arguments": {}}\n```\n</tool_call>',
            "",
            None,
            [("f", {})],
            [("code_fence", "```json\n")],
            id="code fence",
        ),
        pytest.param(
            "hermes",
            "<tool_call>{'name': 'f', 'arguments': {'a': None}}</tool_call>",
            "",
            None,
            [("f", {"a": None})],
            [("python_literal", "{'name': 'f', 'arguments': {'a': None}}")],
            id="single quotes",
        ),
        pytest.param(
            "hermes",
            '<tool_call>{"name": "f", "arguments": {"a": "b',
            "",
            None,
            [("f", '{"a": "b')],
            [
                ("truncated_json", '{"name": "f", "arguments": {"a": "b'),
                ("arguments_not_object", '{"a": "b'),
            ],
            id="cut off",
        ),
        pytest.param(
            "hermes",
            "<tool_call>nothing</tool_call> I used <tool_call>",
            "<tool_call>nothing</tool_call> I used <tool_call>",
            None,
            [],
            [("bad_json", "n"), ("bad_json", "")],
            id="marks without JSON stay in the content",
        ),
        pytest.param(
            "hermes",
            '<tool_call>{"arguments": {}}</tool_call>',
            '<tool_call>{"arguments": {}}</tool_call>',
            None,
            [],
            [("no_name", '{"arguments": {}}')],
            id="no name",
        ),
        pytest.param(
            "hermes",
            '<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>',
            "",
            None,
            [("f", {"a": 1})],
            [("double_encoded_arguments", '{\\"a\\": 1}')],
            id="arguments in a string",
        ),
        pytest.param(
            "hermes",
            '<tool_call>{"name": "f", "arguments": [1]}</tool_call>',
            "",
            None,
            [("f", "[1]")],
            [("arguments_not_object", "[1]")],
            id="arguments that are no object",
        ),
        pytest.param(
            "hermes",
            '<tool_call>[{"name": "f", "arguments": {}}, {"name": "g"}]</tool_call>',
            "",
            None,
            [("f", {}), ("g", {})],
            [("no_arguments", '{"name": "g"}')],
            id="a list in one tag",
        ),
        pytest.param(
            "react_en",
            "Thought: look\nAction: f\nAction Input: {'a': True}\nObservation:",
            "",
            "look",
            [("f", {"a": True})],
            [],
            id="ReAct",
        ),
        pytest.param(
            "react_en",
            'Action: f\nAction Input: {"a": 1} please\nObservation: 5\nThought: done',
            "",
            None,
            [("f", {"a": 1})],
            [("text_after_json", " please"), ("text_after_stop", " 5\nThought: done")],
            id="ReAct that goes on with a result of its own",
        ),
        pytest.param(
            "react_en",
            "Thought: done\nFinal Answer: yes",
            "yes",
            "done",
            [],
            [],
            id="ReAct's answer",
        ),
        pytest.param(
            "react_en",
            "Action: f\nAction Input: two\nlines\nObservation:",
            "",
            None,
            [("f", "two\nlines")],
            [("arguments_not_object", "two\nlines")],
            id="ReAct with plain text",
        ),
        pytest.param(
            "react_en",
            "Action: f",
            "",
            None,
            [("f", {})],
            [("no_arguments", "Action: f")],
            id="cut",
        ),
    ],
)
def test_models_texts(
    template: str,
    text: str,
    content: str,
    reasoning: str | None,
    calls: list[tuple[str, Any]],
    faults: list[tuple[str, str]],
) -> None:
    assert told(parse_calls(text, template), text) == (content, reasoning, calls, faults)


def own(name: str) -> TurnWire:
    """The wire of an agent template."""
    wire = AGENT_TEMPLATES[name].wire
    assert isinstance(wire, TurnWire)
    return wire


@pytest.mark.parametrize(
    ("wire", "text", "calls", "faults"),
    [
        (own("llama3"), 'ok {"name": "f", "parameters": {"a": 1}}', [("f", {"a": 1})], []),
        (own("llama3"), '[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]',
         [("f", {}), ("g", {})], []),
        (own("llama3"), 'a row: {"name": "Ann", "age": 3}', [], []),
        (wires.MISTRAL, '[TOOL_CALLS] [{"name": "f", "arguments": {}}]', [("f", {})], []),
        (wires.MISTRAL, "[TOOL_CALLS] []", [], ["no_call"]),
        (wires.PYTHON, '[f(a="ö", b=[-1, {"c": None}]), g.h()]',
         [("f", {"a": "ö", "b": [-1, {"c": None}]}), ("g.h", {})], []),
        (wires.LFM2, "<|tool_call_start|>[f(a=x, b=2)]<|tool_call_end|>", [("f", {"b": 2})],
         ["no_literal"]),
        (wires.LFM2, "<|tool_call_start|>[f(1)]", [("f", {})], ["positional_argument",
                                                               "missing_end"]),
        (wires.LFM2, "<|tool_call_start|>[f(<|tool_call_end|>", [], ["bad_python"]),
        (wires.LFM2, "<|tool_call_start|>[1, exit]<|tool_call_end|>", [], ["no_call", "no_call"]),
        (wires.DEEPSEEK_V3,
         "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```"
         "<｜tool▁call▁end｜><｜tool▁calls▁end｜>", [("f", {"a": 1})], []),
        (own("deepseek_v3_1"),
         "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜>",
         [("f", {})], ["missing_end"]),
        (own("qwen3_coder"), "<function=f>\n<parameter=a>\n1\n</function>\n</tool_call>",
         [("f", {"a": 1})], ["missing_end"]),
        (own("qwen3_coder"), "<function=f>\n<parameter=a>\nx</parameter>y\n</parameter>\n</function>",
         [("f", {"a": "x</parameter>y"})], []),
        (own("glm4_7"), "<tool_call>f<arg_key>a</arg_key><arg_value>x", [("f", {"a": "x"})],
         ["missing_end", "missing_end"]),
        (own("minicpm5"), '<function name="f"><param name="a"><![CDATA[<b>]]></param></function>',
         [("f", {"a": "<b>"})], []),
        (own("deepseek_v4"),
         '<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="a" string="true">2</｜DSML｜parameter>\n'
         "</｜DSML｜invoke>", [("f", {"a": "2"})], []),
        (own("gemma4"), '<|tool_call>call:f{a:<|"|>}<|"|>,b:[1,{c:null}]}<tool_call|>',
         [("f", {"a": "}", "b": [1, {"c": None}]})], []),
        (own("gemma4"), '<|tool_call>call:f{a:<|"|>x', [("f", '{a:<|"|>x')],
         ["arguments_not_object", "truncated_arguments"]),
        (wires.HARMONY,
         "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>",
         [("f", {})], []),
        (wires.HARMONY, "<|channel|>commentary to=functions.f<|message|>{", [("f", "{")],
         ["truncated_json", "arguments_not_object"]),
    ],
)  # fmt: skip
def test_wire_styles(
    wire: Wire, text: str, calls: list[tuple[str, Any]], faults: list[str]
) -> None:
    _, _, found, wrong = told(read_text(wire, text)[0], text)
    assert (found, [code for code, _ in wrong]) == (calls, faults)  # type: ignore[attr-defined]


def test_harmony_channels() -> None:
    text = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hi"
    assert told(read_text(wires.HARMONY, text)[0], text) == ("Hi", "hm", [], [])


def test_declared_types_tell_text_from_numbers() -> None:
    text = "<function=f>\n<parameter=a>\n2\n</parameter>\n</function>"
    assert read_text(own("qwen3_coder"), text)[0].tool_calls[0].arguments == {"a": 2}
    declared = read_text(own("qwen3_coder"), text, lambda number, name, key: key == "a")[0]
    assert declared.tool_calls[0].arguments == {"a": "2"}


NOT_READ_BACK: dict[str, str] = {}
"""Agent templates without a wire, and why."""


def test_every_agent_template_can_be_read_back_or_says_why_not() -> None:
    without = {name for name, one in AGENT_TEMPLATES.items() if one.wire is None}
    assert without == set(NOT_READ_BACK)


def test_an_agent_template_that_is_not_read_back() -> None:
    template = replace(AGENT_TEMPLATES["hermes"], wire=None)
    with pytest.raises(UsageError, match="cannot be read back"):
        parse_calls("", template)


@pytest.mark.parametrize("template", ["herms", "qwen9+hermes", "qwen3+herms"])
def test_unknown_templates(template: str) -> None:
    with pytest.raises(UsageError, match="template"):
        agentdata.parse_calls("", template)


# What the templates can express. Everything else in a call is arbitrary.
MARKS = st.sampled_from(
    [
        "</tool_call>",
        "<tool_call>",
        "Observation:",
        "\nAction: x",
        "</think>",
        "'",
        '"',
        "\\",
        "{",
        "}",
    ]
)
TEXT = st.text(max_size=8) | st.lists(MARKS | st.text(max_size=3), max_size=4).map("".join)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
# Content and thinking without marks: in them a mark is a mark.
WORDS = st.text(
    st.characters(blacklist_characters="<:{[✿`|", blacklist_categories=["Cs"]), max_size=10
).filter(lambda text: not text or bool(text.strip()))

SAID = WORDS.map(str.strip)  # some templates strip what stands before calls


def is_object(text: str) -> bool:
    try:
        return isinstance(loads(text), dict)
    except JsonError:
        return False


def expressible(wire: Wire) -> st.SearchStrategy[ToolCall]:
    """Calls that a wire can write so that they can be told from something else."""
    assert isinstance(wire, TurnWire)
    style = wire.calls
    # XML and bare styles have no escapes: names and keys as APIs have them, no marks in values.
    plain = st.text("abc_é1-", min_size=1, max_size=6).map(lambda text: "f" + text)
    text = st.text(st.characters(blacklist_characters='<>]|"', blacklist_categories=["Cs"]))
    if isinstance(style, JsonCalls) and style.open:
        arguments = st.dictionaries(TEXT, VALUES, max_size=4) | TEXT.filter(
            lambda text: not is_object(text)
        )
        return st.builds(ToolCall, st.text(min_size=1, max_size=8) | MARKS, arguments)
    if isinstance(style, JsonCalls):
        return st.builds(ToolCall, st.text(min_size=1), st.dictionaries(TEXT, VALUES, max_size=4))
    if isinstance(style, NamedCalls):
        # A line of its own: no line break in a name; text arguments are no object and no words.
        one_line = st.text(st.characters(blacklist_characters="\n:✿<", blacklist_categories=["Cs"]))
        name = one_line.map(str.strip).filter(bool)
        prose = WORDS.filter(lambda text: not text.lstrip().startswith('"'))
        arguments = st.dictionaries(TEXT, VALUES, max_size=4)
        if not style.open:
            return st.builds(ToolCall, plain, arguments)
        return st.builds(ToolCall, name, arguments | prose if style.literal else arguments)
    if isinstance(style, ParameterCalls):
        top = text.filter(lambda one: one == one.strip()) | VALUES.filter(
            lambda one: not isinstance(one, str)
        )
        marked = isinstance(style, ParameterCalls) and bool(style.text_types)
        value = top if not marked else text.filter(lambda one: one == one.strip()) | SCALARS
        return st.builds(ToolCall, plain, st.dictionaries(plain, value, max_size=3))
    assert isinstance(style, GemmaCalls | MiniMaxCalls)
    leaf = text.filter(lambda one: one == one.strip() and bool(one)) | st.integers()
    return st.builds(ToolCall, plain, st.dictionaries(plain, leaf, max_size=3))


def declared(calls: tuple[ToolCall, ...]) -> list[ToolSpec]:
    """Tools that declare as text what is text in the calls."""
    tools = []
    for call in calls:
        arguments = call.arguments if isinstance(call.arguments, dict) else {}
        texts = {key: {"type": "string"} for key, one in arguments.items() if isinstance(one, str)}
        tools.append(ToolSpec(call.name, "", {"properties": texts}, {}))
    return tools


@given(st.data(), st.sampled_from(sorted(AGENT_TEMPLATES)), SAID, st.none() | WORDS)
def test_parse_of_render_is_what_was_rendered(
    data: st.DataObject, name: str, content: str, reasoning: str | None
) -> None:
    wire = own(name)
    if wire.calls == own("chatglm4").calls:
        content += "." if content else ""  # nothing else ends a sentence before a bare name
    unique = st.lists(expressible(wire), max_size=3, unique_by=lambda call: call.name)
    calls = tuple(data.draw(unique))
    said = Message("assistant", content, reasoning, calls)
    prompt = render(Conversation("id", (Message("user", "q"), said)), get_template("chatml", name))
    text = "".join(segment.text for segment in prompt.segments if segment.trainable)
    parsed = parse_calls(text, name, declared(calls))
    assert parsed.tool_calls == calls
    assert (parsed.content, parsed.reasoning) == (content, reasoning)
    assert {fault.code for fault in parsed.faults} <= {"arguments_not_object"}


PIECES = [
    *("<tool_call>", "</tool_call>", "<think>", "</think>", "```json", '{"name": "f", ', "'f'"),
    *('"arguments": {', "}", "[", "]", "\n", "Action:", "Action Input:", "Observation:", "f(a=1"),
    *("<function=f>", "<parameter=a>", "</parameter>", "[f(", ")", '"', "\\", "\ud800", "\x00"),
    *("<|tool_call>call:f{", '<|"|>', "<|channel|>", "<|message|>", "<arg_key>a</arg_key>"),
    *("]<]minimax[>[<invoke name=\"f\">", "]<]minimax[>[<a>", "]<]minimax[>[</a>"),
    *("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "[TOOL_CALLS]"),
    *("Thought:", "Final Answer:", "<|tool_call_start|>", "functions.f:0", "to=functions.f"),
]  # fmt: skip


@given(st.sampled_from(known_wires()), st.lists(st.sampled_from(PIECES) | st.text(max_size=4)))
def test_no_text_raises_and_every_fault_has_a_place(wire: Wire, pieces: list[str]) -> None:
    text = "".join(pieces)
    parsed, reader = read_text(wire, text)
    for fault in parsed.faults:
        assert 0 <= fault.start <= fault.end <= len(text)
    for found in reader.calls:
        for start, end in (found.name, found.arguments):
            assert 0 <= start <= end <= len(text)
        assert isinstance(found.call.arguments, dict | str)


JINJA = {
    "tagged": "{% for c in m.tool_calls %}<tool_call>\n{{ c.function|tojson }}\n</tool_call>\n{% endfor %}",
    "named": "{% for c in m.tool_calls %}[TOOL_CALLS]{{ c.function.name }}[ARGS]"
    "{{ c.function.arguments|tojson }}{% endfor %}",
    "own": "{% for c in m.tool_calls %}{{ c.function.name }}!{{ c.function.arguments|tojson }}{% endfor %}",
}  # fmt: skip


def chat_template(calls: str) -> str:
    return (
        "{% for t in tools or [] %}{{ t|tojson }}{% endfor %}{% for m in messages %}<{{ m.role }}>"
        "{{ m.content or '' }}{% if m.tool_calls %}" + calls + "{% endif %}<end>{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tagged", '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'),
        ("named", '[TOOL_CALLS]f[ARGS]{"a": 1}'),
    ],
)
def test_chat_templates_tell_by_a_sample_how_they_write(
    tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / f"{name}.jinja"
    path.write_text(chat_template(JINJA[name]))
    assert parse_calls(text, str(path)).tool_calls == (ToolCall("f", {"a": 1}),)


def test_a_chat_template_with_a_way_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text(chat_template(JINJA["own"]))
    with pytest.raises(UsageError) as caught:
        parse_calls("", str(path))
    assert caught.value.code == "no_call_parser"
    with pytest.raises(UsageError):
        parse_calls("", str(tmp_path / "none.jinja"))


def test_a_text_of_broken_calls_is_not_read_to_its_end() -> None:
    parsed = parse_calls('<tool_call>{"name": "f", "arguments": {' * 1000, "hermes")
    assert "too_many_faults" in {fault.code for fault in parsed.faults}
    assert len(parsed.tool_calls) < 200
