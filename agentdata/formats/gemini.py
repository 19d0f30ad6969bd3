"""Google's Gemini API: `contents` of `parts`, with functionCall and functionResponse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentdata.conversation import Conversation, Part, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.carried import read_carried
from agentdata.formats.common.rows import JsonList, Row
from agentdata.formats.common.talk import HIDDEN_REASONING, Talk, data_uri
from agentdata.formats.common.tools import read_tool
from agentdata.formats.common.values import check, first_value, row_id

# Each in the spelling of JSON and of Python.
_SYSTEM = ("systemInstruction", "system_instruction")
_DECLARATIONS = ("functionDeclarations", "function_declarations")
_CALL = ("functionCall", "function_call")
_RESPONSE = ("functionResponse", "function_response")
_INLINE = ("inlineData", "inline_data")
_FILE = ("fileData", "file_data")
_MIME = ("mimeType", "mime_type")
_CODE = ("executableCode", "executable_code")
_CODE_RESULT = ("codeExecutionResult", "code_execution_result")
_SERVER_CALL = ("toolCall", "tool_call")
_SERVER_RESPONSE = ("toolResponse", "tool_response")
_KINDS = (
    "text",
    *_CALL,
    *_RESPONSE,
    *_INLINE,
    *_FILE,
    *_CODE,
    *_CODE_RESULT,
    *_SERVER_CALL,
    *_SERVER_RESPONSE,
)
CODE_TOOL = "code_execution"


class GeminiRow(Row):
    """A row of `gemini`: a request body, the body of a response (`candidates`), or both in one."""

    contents: list[dict[str, Any]] | dict[str, Any] | str | None = None
    candidates: JsonList | None = None
    systemInstruction: dict[str, Any] | str | None = None
    system_instruction: dict[str, Any] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by `contents` whose elements have `parts`, or `candidates` with a content."""
    if is_response(row):
        return Fit.MARKED
    contents = row.get("contents")
    if isinstance(contents, dict):
        contents = [contents]
    if not isinstance(contents, list) or not contents:
        return Fit.NO
    return Fit.MARKED if all(_is_content(content) for content in contents) else Fit.NO


def is_response(value: Any) -> bool:
    """Whether a value is the body of a response."""
    candidates = value.get("candidates") if isinstance(value, dict) else None
    return (
        isinstance(candidates, list)
        and bool(candidates)
        and all(isinstance(item, dict) and _is_content(item.get("content")) for item in candidates)
    )


def _is_content(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("parts"), list)


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(GeminiRow, row)
    return read_pair(row, row if is_response(row) else None)


def read_pair(
    request: dict[str, Any], response: dict[str, Any] | None, at: tuple[str, str] = ("", "")
) -> Conversation:
    """The conversation of a request and the response to it, its first candidate; `at` are their
    pointers. Raises RowError.
    """
    talk = Talk()
    system = first_value(request, _SYSTEM)
    if isinstance(system, dict):
        parts = _others(system, f"{at[0]}/{_SYSTEM[0]}", talk)
        if any(part.type != "text" for part in parts):
            raise RowError("bad_content", "a system text holds media", pointer=at[0])
        system = "".join(part.text for part in parts)
    talk.system(system if isinstance(system, str) else "")
    contents = request.get("contents")
    if isinstance(contents, str):
        contents = [{"role": "user", "parts": [{"text": contents}]}]
    for index, content in enumerate([contents] if isinstance(contents, dict) else contents or []):
        _read_content(content, f"{at[0]}/contents/{index}", talk)
    if response is not None:
        content = {"role": "model"} | response["candidates"][0]["content"]
        talk.spoke = False
        _read_content(content, f"{at[1]}/candidates/0/content", talk)
        talk.check_turn(f"{at[1]}/candidates/0/content")
    return talk.conversation(
        row_id(request), _tools(request, at[0]), read_carried(request), where=f"{at[0]}/contents"
    )


def _read_content(content: Any, pointer: str, talk: Talk) -> None:
    if not _is_content(content):
        raise RowError("bad_content", "a content has no parts", pointer=pointer)
    match content.get("role") or "user":
        case "model" | "assistant":
            talk.close()
            _read_model(content, pointer, talk)
        case "user" | "function" | "tool":
            results = 0
            for index, part in enumerate(content["parts"]):
                results += _read_result(part, f"{pointer}/parts/{index}", talk)
            parts = _others(content, pointer, talk)
            if parts or not results:
                talk.user(parts)
        case "system":
            talk.system("".join(part.text for part in _others(content, pointer, talk)))
        case role:
            raise RowError(
                "unknown_role",
                f"the role {role!r} is none of: user, model, function, system",
                pointer=f"{pointer}/role",
            )


def _read_model(content: dict[str, Any], pointer: str, talk: Talk) -> None:
    for index, part in enumerate(content["parts"]):
        at = f"{pointer}/parts/{index}"
        if _read_result(part, at, talk):
            continue
        call, code = _inner(part, _CALL), _inner(part, _CODE)
        if call is None and (served := _inner(part, _SERVER_CALL)) is not None:
            call = {"name": first_value(served, ("toolType", "tool_type")), **served}
        if call is not None:
            _call(talk, call.get("name"), first_value(call, ("args", "arguments")), call, at)
        elif code is not None:
            _call(talk, CODE_TOOL, code, code, at)
        elif (
            isinstance(part, dict)
            and part.get("thought") is True
            and isinstance(part.get("text"), str)
        ):
            talk.reasoning(part["text"])
        else:
            for said in _part(part, at, talk):
                talk.say(said)


def _call(talk: Talk, name: Any, arguments: Any, holder: dict[str, Any], pointer: str) -> None:
    if not isinstance(name, str) or not name:
        raise RowError("bad_tool_call", "a call has no name", pointer=pointer)
    call_id = holder.get("id")
    arguments = read_arguments(arguments, talk.warnings)
    talk.call(ToolCall(name, arguments, call_id if isinstance(call_id, str) else None))


def _read_result(part: Any, pointer: str, talk: Talk) -> bool:
    """Whether the part is the result of a call, which is then read."""
    answer, outcome = _inner(part, _RESPONSE), _inner(part, _CODE_RESULT)
    served = _inner(part, _SERVER_RESPONSE)
    if answer is not None:
        value, name = answer.get("response"), answer.get("name")
    elif outcome is not None:
        answer, value, name = outcome, outcome, CODE_TOOL
    elif served is not None:
        answer, value = served, served.get("response")
        name = first_value(served, ("toolType", "tool_type"))
    else:
        return False
    talk.result(
        value, pointer, call_id=answer.get("id"), name=name if isinstance(name, str) else None
    )
    return True


def _others(content: dict[str, Any], pointer: str, talk: Talk) -> list[Part]:
    """What is no result."""
    parts = content.get("parts")
    return [
        read
        for index, part in enumerate(parts if isinstance(parts, list) else [parts])
        if not any(_inner(part, keys) for keys in (_RESPONSE, _CODE_RESULT, _SERVER_RESPONSE))
        for read in _part(part, f"{pointer}/parts/{index}", talk)
    ]


def _part(part: Any, pointer: str, talk: Talk) -> list[Part]:
    if isinstance(part, str):
        return [talk.text(part)]
    if not isinstance(part, dict):
        raise RowError("bad_content", "a part is neither text nor an object", pointer=pointer)
    if isinstance(part.get("text"), str):
        return [talk.text(part["text"])]
    inline, file = _inner(part, _INLINE), _inner(part, _FILE)
    if inline is not None and isinstance(inline.get("data"), str):
        mime = first_value(inline, _MIME)
        return [talk.file(mime, data_uri(mime, inline["data"]), pointer)]
    ref = first_value(file or {}, ("fileUri", "file_uri"))
    if isinstance(ref, str):
        return [talk.file(first_value(file or {}, _MIME), ref, pointer)]
    if not any(part.get(kind) is not None for kind in _KINDS):
        if first_value(part, ("thoughtSignature", "thought_signature")) is not None:
            talk.warnings.append(HIDDEN_REASONING)
        return []
    raise RowError("unknown_part", f"a part of an unknown kind: {list(part)}", pointer=pointer)


def _inner(part: Any, keys: tuple[str, ...]) -> dict[str, Any] | None:
    value = first_value(part, keys) if isinstance(part, dict) else None
    return value if isinstance(value, dict) else None


def _tools(row: dict[str, Any], at: str) -> tuple[ToolSpec, ...]:
    value = row.get("tools")
    tools: list[ToolSpec] = []
    for index, tool in enumerate([value] if isinstance(value, dict) else value or []):
        declared = first_value(tool, _DECLARATIONS) if isinstance(tool, dict) else None
        if isinstance(declared, list):
            where = f"{at}/tools/{index}/{_DECLARATIONS[0]}"
            tools += [read_tool(item, f"{where}/{n}") for n, item in enumerate(declared)]
        else:
            tools.append(read_tool(tool, f"{at}/tools/{index}"))
    return tuple(tools)


def from_events(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The body of a response from the events of its stream; None where that is not whole."""
    parts: list[dict[str, Any]] = []
    ended = False
    for event in events:
        candidates = event.get("candidates")
        for candidate in candidates[:1] if isinstance(candidates, list) else []:
            if not isinstance(candidate, dict):
                return None
            content = candidate.get("content") or {}
            for part in content["parts"] if _is_content(content) else []:
                if not isinstance(part, dict):
                    return None
                if parts and _goes_on(parts[-1], part):
                    parts[-1] = parts[-1] | part | {"text": parts[-1]["text"] + part["text"]}
                else:
                    parts.append(part)
            ended = ended or bool(first_value(candidate, ("finishReason", "finish_reason")))
    return {"candidates": [{"content": {"role": "model", "parts": parts}}]} if ended else None


def _goes_on(before: dict[str, Any], part: Any) -> bool:
    return (
        isinstance(before.get("text"), str)
        and isinstance(part.get("text"), str)
        and before.get("thought") == part.get("thought")
    )


FORMAT = Format(
    name="gemini",
    summary="Gemini API: contents of parts, with functionCall and functionResponse",
    row_model=GeminiRow,
    detect=detect,
    read=read,
)
