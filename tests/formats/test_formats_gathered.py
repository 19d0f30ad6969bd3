"""Records of a file that make one conversation, and those that do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from golden_files import CASES

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import FORMATS, get
from agentdata.formats.common.sse import read_events
from agentdata.formats.common.threads import WINDOW
from agentdata.intake import plan_tasks, read_rows, read_unnamed
from agentdata.json_text import dumps, loads

U1, U2 = {"role": "user", "content": "one"}, {"role": "user", "content": "two"}
A1 = {"role": "assistant", "content": "first"}
CALL: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}  # fmt: skip
RESULT = {"role": "tool", "tool_call_id": "c", "content": "r"}


def chat(*messages: Any, said: Any = A1, tools: Any = None, **more: Any) -> dict[str, Any]:
    request = {"model": "m", "messages": list(messages)} | ({"tools": tools} if tools else {})
    return {"request": request, "response": {"choices": [{"message": said, **more}]}}


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def rows(tmp_path: Path, *records: Any) -> list[tuple[int, int, Conversation | str]]:
    """(line, records, conversation or code) of each row of a file of these lines."""
    path = tmp_path / "log.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    found: list[tuple[int, int, Conversation | str]] = []
    for task in plan_tasks([str(path)]):
        for raw in read_rows(task):
            try:
                found.append((raw.line, raw.records, read_unnamed(raw, task)))
            except RowError as error:
                found.append((raw.line, raw.records, error.code))
    return found


def shape(found: list[tuple[int, int, Conversation | str]]) -> list[tuple[int, int, Any]]:
    return [
        (line, records, row if isinstance(row, str) else len(row.messages))
        for line, records, row in found
    ]


REASONED = {**A1, "reasoning_content": "why"}
AS_TEXT = {**A1, "content": "<think>\nwhy\n</think>\nfirst"}
NO_ID: dict[str, Any] = {**CALL, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}

# (what, records, [(line, records, messages or code)])
THREADS: list[tuple[str, list[Any], list[tuple[int, int, Any]]]] = [
    ("later repeats earlier", [chat(U1), chat(U1, A1, U2)], [(2, 2, 4)]),
    ("three in a row", [chat(U1, said=CALL), chat(U1, CALL, RESULT), chat(U1, CALL, RESULT, A1, U2)], [(3, 3, 6)]),
    ("the same once more", [chat(U1), chat(U1)], [(2, 2, 2)]),
    ("another answer", [chat(U1), chat(U1, said={**A1, "content": "other"})], [(1, 1, 2), (2, 1, 2)]),
    ("another question", [chat(U1), chat(U2)], [(1, 1, 2), (2, 1, 2)]),
    ("two side by side", [chat(U1), chat(U2), chat(U1, A1, U2), chat(U2, A1, U1)], [(3, 2, 4), (4, 2, 4)]),
    ("an edited history", [chat(U1), chat(U1, {**A1, "content": "edited"}, U2)], [(1, 1, 2), (2, 1, 4)]),
    ("ids made up by the client", [chat(U1, said=NO_ID), chat(U1, CALL, RESULT)], [(2, 2, 4)]),
    ("more tools later", [chat(U1, tools=[tool("f")]), chat(U1, A1, U2, tools=[tool("f"), tool("g")])], [(2, 2, 4)]),
    ("other tools later", [chat(U1, tools=[tool("f")]), chat(U1, A1, U2, tools=[tool("g")])], [(1, 1, 2), (2, 1, 4)]),
    ("an error between", [chat(U1), {"request": {"messages": [U1]}, "response": {"error": {"message": "no"}}}, chat(U1, A1, U2)], [(2, 1, "error_response"), (3, 2, 4)]),
    ("a broken line between", [chat(U1), "{", chat(U1, A1, U2)], [(2, 1, "bad_json"), (3, 2, 4)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected"), [case[1:] for case in THREADS], ids=[case[0] for case in THREADS]
)
def test_calls_that_go_on_with_each_other_are_one_row(
    tmp_path: Path, records: list[Any], expected: list[tuple[int, int, Any]]
) -> None:
    assert sorted(shape(rows(tmp_path, *records))) == expected


@pytest.mark.parametrize("repeated", [A1, REASONED, AS_TEXT])
def test_reasoning_that_the_later_request_left_out_is_kept(tmp_path: Path, repeated: Any) -> None:
    ((_, _, row),) = rows(tmp_path, chat(U1, said=REASONED), chat(U1, repeated, U2))
    assert isinstance(row, Conversation)
    assert (row.messages[1].content, row.messages[1].reasoning) == ("first", "why")


def test_what_waits_is_bounded_and_nothing_is_lost(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": str(number)} for number in range(3 * WINDOW)]
    found = rows(tmp_path, *map(chat, asked), *(chat(u, A1, U2) for u in asked))
    assert sum(records for _, records, _ in found) == 6 * WINDOW
    assert [row for _, _, row in found if isinstance(row, str)] == []


def response(name: str, text: str | None, **more: Any) -> dict[str, Any]:
    output = [] if text is None else [{"type": "message", "role": "assistant", "content": text}]
    return {"object": "response", "id": name, "status": "completed", "output": output, **more}


def asked(text: str, answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"request": {"model": "m", "input": text, **more}, "response": answer}


def fetched(answer: dict[str, Any]) -> dict[str, Any]:
    return {"method": "GET", "uri": "https://example.org", "request": None, "response": answer}


RESPONSES: list[tuple[str, list[Any], list[tuple[int, int, Any]]]] = [
    ("by the id of the response", [asked("a", response("r1", "b")), asked("c", response("r2", "d"), previous_response_id="r1")], [(2, 2, 4)]),
    ("by the stored conversation", [asked("a", response("r1", "b"), conversation="k"), asked("c", response("r2", "d"), conversation={"id": "k"})], [(2, 2, 4)]),
    ("fetched when it was done", [asked("a", response("r1", None, status="queued")), fetched(response("r1", None, status="in_progress")), fetched(response("r1", "b"))], [(3, 3, 2)]),
    ("fetched once more", [asked("a", response("r1", "b")), fetched(response("r1", "b"))], [(2, 2, 2)]),
    ("never done", [asked("a", response("r1", None, status="queued"))], [(1, 1, "unfinished_response")]),
    ("without its request", [asked("x", response("r0", "y")), fetched(response("r1", "b"))], [(1, 1, 2), (2, 1, "no_request")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected"), [case[1:] for case in RESPONSES], ids=[case[0] for case in RESPONSES]
)
def test_responses_that_name_each_other_are_one_row(
    tmp_path: Path, records: list[Any], expected: list[tuple[int, int, Any]]
) -> None:
    assert sorted(shape(rows(tmp_path, *records))) == expected


def test_a_response_whose_forerunner_is_not_there_says_so(tmp_path: Path) -> None:
    record = asked("c", response("r2", "d"), previous_response_id="r1")
    ((_, _, row),) = rows(tmp_path, record)
    assert isinstance(row, Conversation)
    assert row.warnings == ("hidden_history",)


# (what, body of the response, code)
NO_TURNS: list[tuple[str, Any, str]] = [
    ("embeddings", {"object": "list", "data": [{"embedding": [0.1]}]}, "not_a_conversation"),
    ("a list of models", {"object": "list", "data": [{"id": "m", "object": "model"}]}, "not_a_conversation"),
    ("a count", {"input_tokens": 3}, "not_a_conversation"),
    ("an error", {"type": "error", "error": {"message": "overloaded"}}, "error_response"),
    ("compacted", response("r", None), "no_model_turn"),
    ("a stream cut short", 'data: {"choices": [{"delta": {"content": "He"}}]}\n\n', "broken_stream"),
    ("a stream of no JSON", "data: {\n\n", "broken_stream"),
    ("an error in a stream", 'event: error\ndata: {"error": {"message": "no"}}\n\n', "error_response"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"), [case[1:] for case in NO_TURNS], ids=[case[0] for case in NO_TURNS]
)
def test_what_is_no_turn_of_a_model_is_refused(body: Any, code: str) -> None:
    record = {"method": "POST", "uri": "u", "request": {"model": "m", "input": "q"}, "response": body}  # fmt: skip
    assert get("exchange").detect(record)
    with pytest.raises(RowError) as caught:
        get("exchange").read(record)
    assert caught.value.code == code
    assert caught.value.pointer.startswith("/response")


def event(kind: str, number: int, content: Any, **more: Any) -> dict[str, Any]:
    message = {"role": kind, "content": content, **({"id": f"m{number}"} if kind == "assistant" else {})}  # fmt: skip
    return {"type": kind, "uuid": f"u{number}", "sessionId": "s", "message": message, **more}


def text(value: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": value}]


SAY, HEAR = event("user", 1, "hi"), event("assistant", 2, text("hello"))
SUMMARY = {"type": "summary", "summary": "greeting", "leafUuid": "u2"}

SESSIONS: list[tuple[str, list[Any], list[tuple[int, int, Any]]]] = [
    ("a summary first", [SUMMARY, SAY, HEAR], [(3, 3, 2)]),
    ("two sessions", [SAY, HEAR, {**SAY, "sessionId": "t"}, {**HEAR, "sessionId": "t"}], [(2, 2, 2), (4, 2, 2)]),
    ("two sessions mixed", [SAY, {**SAY, "sessionId": "t"}, HEAR, {**HEAR, "sessionId": "t"}], [(3, 2, 2), (4, 2, 2)]),
    ("a helper of the model", [SAY, {**SAY, "uuid": "a", "isSidechain": True}, {**HEAR, "uuid": "b", "parentUuid": "a", "isSidechain": True}, HEAR], [(3, 2, 2), (4, 2, 2)]),
    ("compacted", [SAY, HEAR, {"type": "system", "subtype": "compact_boundary", "sessionId": "s"}, event("user", 3, "so far", isCompactSummary=True), event("assistant", 4, text("on"))], [(2, 2, 2), (5, 3, 2)]),
    ("a line that is no object", [SAY, "42", HEAR], [(2, 1, "not_an_object"), (3, 2, 2)]),
    ("a message without content", [SAY, {**SAY, "message": {"role": "user"}}, HEAR], [(2, 1, "broken_event"), (3, 2, 2)]),
    ("nobody answers", [SUMMARY, SAY], [(2, 2, "no_model_turn")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected"), [case[1:] for case in SESSIONS], ids=[case[0] for case in SESSIONS]
)
def test_a_log_gives_a_row_for_each_conversation(
    tmp_path: Path, records: list[Any], expected: list[tuple[int, int, Any]]
) -> None:
    assert sorted(shape(rows(tmp_path, *records))) == expected


def test_line_separators_inside_a_stream_end_no_event() -> None:
    assert list(read_events('data: {"t": "a\u2028b"}\r\n\r\n', "")) == [{"t": "a\u2028b"}]


PROVIDERS = ("anthropic", "bedrock", "claude_code", "exchange", "gemini", "harmony", "responses")


@pytest.mark.parametrize(
    "path",
    [path for path in CASES if path.parent.name in PROVIDERS],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_golden_rows_read_the_same_as_openai(path: Path) -> None:
    conversation = FORMATS[path.parent.name].read(json.loads(path.read_text())["row"])
    openai = get("openai")
    assert openai.write is not None
    back = openai.read(loads(dumps(openai.write(conversation, []))))
    assert (back.messages, back.tools, back.meta) == (
        conversation.messages,
        conversation.tools,
        conversation.meta,
    )
