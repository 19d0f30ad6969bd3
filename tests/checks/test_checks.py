"""What each check finds, what it lets pass, and what a finding does at each level."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.checks import CHECKS, checked, find
from agentdata.conversation import Conversation, Media, Message, Part, ToolCall, ToolSpec
from agentdata.errors import RowError

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def tool(name: str = "weather", parameters: dict[str, Any] | None = WEATHER) -> ToolSpec:
    return ToolSpec(name, "", parameters, {"name": name, "parameters": parameters})


def call(arguments: Any = None, name: str = "weather", id: str | None = None) -> ToolCall:
    return ToolCall(name, {"city": "Bern"} if arguments is None else arguments, id)


def ask(text: str = "Is it raining?") -> Message:
    return Message("user", text)


def say(text: str = "Yes.", **more: Any) -> Message:
    return Message("assistant", text, **more)


def calls(*made: ToolCall) -> Message:
    return Message("assistant", tool_calls=made)


def result(id: str | None = None) -> Message:
    return Message("tool", "rain", tool_call_id=id)


def row(*messages: Message, tools: tuple[ToolSpec, ...] = (), **more: Any) -> Conversation:
    return Conversation("r", messages, tools, **more)


IMAGE = Media("image", "a.png")
PLACE = Part("image", media=0)

# (name, conversation, [(code, pointer), ...])
CASES: list[tuple[str, Conversation, list[tuple[str, str]]]] = [
    ("question and answer", row(Message("system", "s"), ask(), say()), []),
    (
        "rounds of calls",
        row(ask(), calls(call()), result(), say(), ask(), say(), tools=(tool(),)),
        [],
    ),
    (
        "two system texts at the head",
        row(Message("system", "a"), Message("system", "b"), ask(), say()),
        [],
    ),
    ("late system", row(ask(), say(), Message("system", "s")), [("late_system", "/messages/2")]),
    ("greeting", row(say("Hello!"), ask(), say()), [("starts_without_user", "/messages/0")]),
    ("two questions", row(ask(), ask(), say()), [("repeated_role", "/messages/1")]),
    ("two answers", row(ask(), say(), say()), [("repeated_role", "/messages/2")]),
    (
        "words, then a call of their own",
        row(ask(), say("I look."), calls(call()), result(), say()),
        [],
    ),
    ("empty turn", row(ask(), say(""), ask(), say()), [("empty_assistant", "/messages/1")]),
    ("only reasoning", row(ask(), say("", reasoning="why")), []),
    ("nobody answers", row(ask()), [("nothing_to_train", "")]),
    (
        "all untrained",
        row(ask(), say(loss=False), ask(), say(loss_scale=0.0)),
        [("nothing_to_train", "")],
    ),
    ("one trained", row(ask(), say(loss=False), ask(), say(loss_scale=0.5)), []),
    ("call at the very end", row(ask(), calls(call(), call())), []),
    (
        "call, then words",
        row(ask(), calls(call()), say()),
        [("call_without_result", "/messages/1/tool_calls/0")],
    ),
    (
        "call, then a question",
        row(ask(), calls(call()), ask(), say()),
        [("call_without_result", "/messages/1/tool_calls/0")],
    ),
    ("result of nothing", row(ask(), result(), say()), [("result_without_call", "/messages/1")]),
    (
        "one result too many",
        row(ask(), calls(call()), result(), result(), say()),
        [("result_without_call", "/messages/3")],
    ),
    (
        "results in another order",
        row(ask(), calls(call(id="a"), call(id="b")), result("b"), result("a"), say()),
        [],
    ),
    (
        "result of another id",
        row(ask(), calls(call(id="a")), result("z"), say()),
        [
            ("result_without_call", "/messages/2"),
            ("call_without_result", "/messages/1/tool_calls/0"),
        ],
    ),
    (
        "one of two answered, by id",
        row(ask(), calls(call(id="a"), call(id="b")), result("b")),
        [("call_without_result", "/messages/1/tool_calls/0")],
    ),
    ("one result for both, without ids", row(ask(), calls(call(), call()), result(), say()), []),
    (
        "calls spread over messages",
        row(ask(), calls(call()), calls(call()), result(), result(), say()),
        [],
    ),
    (
        "tool that is not offered",
        row(ask(), calls(call(name="train")), result(), say(), tools=(tool(),)),
        [("unknown_tool", "/messages/1/tool_calls/0")],
    ),
    ("no tools listed", row(ask(), calls(call(name="train")), result(), say()), []),
    (
        "same tool twice",
        row(ask(), say(), tools=(tool(), tool("clock"), tool())),
        [("duplicate_tool", "/tools/2")],
    ),
    (
        "same id twice",
        row(ask(), calls(call(id="a")), result("a"), calls(call(id="a")), result("a"), say()),
        [("duplicate_call_id", "/messages/3/tool_calls/0")],
    ),
    (
        "arguments as text",
        row(ask(), calls(call("Bern"))),
        [("arguments_not_object", "/messages/1/tool_calls/0/arguments")],
    ),
    (
        "argument of another type",
        row(ask(), calls(call({"city": 3})), tools=(tool(),)),
        [("bad_arguments", "/messages/1/tool_calls/0/arguments/city")],
    ),
    (
        "argument missing",
        row(ask(), calls(call({})), tools=(tool(),)),
        [("bad_arguments", "/messages/1/tool_calls/0/arguments")],
    ),
    (
        "argument that is not named",
        row(ask(), calls(call({"city": "Bern", "unit": "C"})), tools=(tool(),)),
        [("unknown_argument", "/messages/1/tool_calls/0/arguments")],
    ),
    (
        "parameters that are no schema",
        row(ask(), calls(call()), tools=(tool("clock"), tool(parameters={"$ref": "#/nowhere"}))),
        [("bad_parameters", "/tools/1")],
    ),
    (
        "image in its place",
        row(Message("user", (PLACE, Part("text", "?"))), say(), media=(IMAGE,)),
        [],
    ),
    ("mark without media", row(ask("<image>?"), say()), [("missing_media", "/messages/0/content")]),
    (
        "two marks, one image",
        row(Message("user", (PLACE, Part("text", "<image>"))), say(), media=(IMAGE,)),
        [("missing_media", "/messages/0/content")],
    ),
    ("the model writes the letters", row(ask(), say("Use <image> in HTML.")), []),
    (
        "what looks like a result",
        row(ask(), say("Look:\n```output\nrain\n```"), ask(), say(reasoning="<result>a</result>")),
        [("result_in_reply", "/messages/1"), ("result_in_reply", "/messages/3")],
    ),
    (
        "what looks like a run of ReAct",
        row(ask(), say("So.", reasoning="Thought: a\nAction: f[x]\nObservation: rain\n")),
        [("result_in_reply", "/messages/1")],
    ),
    (
        "what looks like a result and is not trained",
        row(ask(), say("<result>a</result>", loss=False), ask(), say()),
        [],
    ),
    ("image without a place", row(ask(), say(), media=(IMAGE,)), [("unplaced_media", "/media/0")]),
    (
        "place without an image",
        row(Message("user", (PLACE, Part("image", media=7))), say(), media=(IMAGE,)),
        [("missing_media", "/messages/0/content")],
    ),
]


@pytest.mark.parametrize(("_", "conversation", "expected"), CASES, ids=[case[0] for case in CASES])
def test_findings(_: str, conversation: Conversation, expected: list[tuple[str, str]]) -> None:
    assert [(finding.code, finding.pointer) for finding in find(conversation)] == expected


def test_every_code_has_a_case_and_every_finding_a_code_with_help() -> None:
    found = {code for _, _, expected in CASES for code, _ in expected}
    assert found == set(CHECKS)
    assert all(line and "\n" not in line for line in CHECKS.values())


FAULTY = row(ask(), ask(), say(""), say(), warnings=("mended",))


def test_off_finds_nothing() -> None:
    assert checked(FAULTY, "off") is FAULTY


def test_normal_adds_the_codes_to_the_warnings_of_the_reader() -> None:
    codes = ("mended", "repeated_role", "repeated_role", "empty_assistant")
    assert checked(FAULTY, "normal").warnings == codes


def test_strict_rejects_with_the_first_code_and_lets_a_good_row_pass() -> None:
    with pytest.raises(
        RowError, match=r"user in a row \(/messages/1 of the conversation\)"
    ) as caught:
        checked(FAULTY, "strict")
    assert caught.value.code == "repeated_role"
    good = row(ask(), say())
    assert checked(good, "strict") is good
