"""Items of OpenAI's Responses API: messages, reasoning, calls and their outputs."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Part, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.content import TEXT_TYPES
from agentdata.formats.common.talk import HIDDEN_HISTORY, HIDDEN_REASONING, Talk, data_uri
from agentdata.formats.common.tools import read_tools
from agentdata.json_text import dumps

CALLS = ("function_call", "custom_tool_call")
OUTPUTS = ("function_call_output", "custom_tool_call_output")
MCP_CALL = "mcp_call"
# What the provider runs itself: one item holds the call and what came of it.
HOSTED: dict[str, tuple[str, ...]] = {
    "web_search_call": ("action",),
    "file_search_call": ("queries",),
    "code_interpreter_call": ("code",),
    "image_generation_call": ("revised_prompt",),
    "computer_call": ("action", "actions"),
    "local_shell_call": ("action",),
    "shell_call": ("action",),
    "apply_patch_call": ("operation",),
    "tool_search_call": ("arguments",),
}
# Those that the caller answers, in an item of its own.
_ANSWERED = ("computer_call", "local_shell_call", "shell_call", "apply_patch_call")
_PASSED_OVER = {
    "compaction": HIDDEN_HISTORY,
    "compaction_summary": HIDDEN_HISTORY,
    "item_reference": HIDDEN_HISTORY,
    "mcp_approval_request": "approval_passed_over",
    "mcp_approval_response": "approval_passed_over",
    "program": "program_passed_over",
    "program_output": "program_passed_over",
}
MARKS = frozenset(
    {
        *CALLS,
        *OUTPUTS,
        *HOSTED,
        MCP_CALL,
        "mcp_list_tools",
        "reasoning",
        *(f"{kind}_output" for kind in HOSTED),
        *_PASSED_OVER,
    }
)
"""Types of items that are no messages."""
ROLES = ("user", "assistant", "system", "developer")


def is_item(value: Any) -> bool:
    """Whether a value is an item: typed, or a message with a role."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type", "message")
    if kind == "message":
        return value.get("role") in ROLES and "tool_calls" not in value
    return isinstance(kind, str) and kind in MARKS


def read_item(item: Any, pointer: str, talk: Talk) -> tuple[ToolSpec, ...]:
    """Take an item in; the tools that it lists.

    Raises RowError `unknown_item`, `unknown_role`, `bad_content`, `unknown_part`,
    `bad_tool_call`, `media_unsupported`, `bad_media`.
    """
    if not isinstance(item, dict):
        raise RowError("unknown_item", "an item is no object", pointer=pointer)
    kind = item.get("type") or "message"
    if not isinstance(kind, str):
        raise RowError("unknown_item", "the type of an item is no text", pointer=pointer)
    if kind == "message":
        _read_message(item, pointer, talk)
    elif kind == "reasoning":
        _read_reasoning(item, pointer, talk)
    elif kind in CALLS or kind == MCP_CALL:
        _read_call(item, kind, pointer, talk)
    elif kind in HOSTED:
        _read_hosted(item, kind, talk, pointer)
    elif kind == "mcp_list_tools":
        return read_tools(item.get("tools"), f"{pointer}/tools")
    elif kind in OUTPUTS or kind.removesuffix("_output") in HOSTED:
        value, at = item.get("output"), f"{pointer}/output"
        _refuse_files(value, at, talk)
        talk.result(value, at, call_id=item.get("call_id"))
    elif kind in _PASSED_OVER:
        talk.warnings.append(_PASSED_OVER[kind])
    else:
        raise RowError("unknown_item", f"an item of an unknown type: {kind!r}", pointer=pointer)
    return ()


def _read_message(item: dict[str, Any], pointer: str, talk: Talk) -> None:
    content, at = item.get("content"), f"{pointer}/content"
    match item.get("role"):
        case "assistant":
            parts = _read_content(content, at, talk)
            talk.new_message()
            for part in parts:
                talk.say(part)
        case "user":
            talk.user(_read_content(content, at, talk))
        case "system" | "developer":
            parts = _read_content(content, at, talk)
            if any(part.type != "text" for part in parts):
                raise RowError("bad_content", "a system text holds media", pointer=at)
            talk.system("".join(part.text for part in parts))
        case role:
            raise RowError(
                "unknown_role",
                f"the role {role!r} is none of: {', '.join(ROLES)}",
                pointer=f"{pointer}/role",
            )


def _read_reasoning(item: dict[str, Any], pointer: str, talk: Talk) -> None:
    # The reasoning itself, where the model shows it; else its summary.
    for key in ("content", "summary"):
        texts = _reasoning_texts(item.get(key), f"{pointer}/{key}")
        if texts:
            talk.reasoning("\n\n".join(texts))
            return
    talk.warnings.append(HIDDEN_REASONING)


def _reasoning_texts(value: Any, pointer: str) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    texts = []
    for index, part in enumerate(value if isinstance(value, list) else []):
        text = part.get("text") if isinstance(part, dict) else part
        if not isinstance(text, str):
            raise RowError("bad_content", "reasoning holds no text", pointer=f"{pointer}/{index}")
        if text:
            texts.append(text)
    return texts


def _read_call(item: dict[str, Any], kind: str, pointer: str, talk: Talk) -> None:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise RowError("bad_tool_call", "a call has no name", pointer=pointer)
    call_id = item.get("call_id") or item.get("id")
    given = call_id if isinstance(call_id, str) else None
    if kind == "custom_tool_call":
        value = item.get("input")
        arguments = value if isinstance(value, str | dict) else dumps(value)
    else:
        arguments = read_arguments(item.get("arguments"), talk.warnings)
    talk.call(ToolCall(name, arguments, given))
    if kind == MCP_CALL:
        error = item.get("error")
        value = item.get("output") if error is None else error
        talk.result(value, f"{pointer}/output", call_id=given, error=error is not None)


def _read_hosted(item: dict[str, Any], kind: str, talk: Talk, pointer: str) -> None:
    own = HOSTED[kind]
    call_id = item.get("call_id") or item.get("id")
    given = call_id if isinstance(call_id, str) else None
    arguments: dict[str, Any] = {key: item[key] for key in own if item.get(key) is not None}
    if len(arguments) == 1 and isinstance(next(iter(arguments.values())), dict):
        (arguments,) = arguments.values()
    talk.call(ToolCall(kind.removesuffix("_call"), arguments, given))
    if kind not in _ANSWERED:
        rest = {k: v for k, v in item.items() if k not in (*own, "type", "id", "call_id")}
        talk.result(rest, pointer, call_id=given, error=item.get("status") == "failed")


def _refuse_files(value: Any, pointer: str, talk: Talk) -> None:
    for index, part in enumerate(value if isinstance(value, list) else []):
        if isinstance(part, dict) and part.get("type") == "input_file":
            _read_part(part, f"{pointer}/{index}", talk)


def _read_content(value: Any, pointer: str, talk: Talk) -> list[Part]:
    if isinstance(value, str):
        return [talk.text(value)]
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowError("bad_content", "the content is neither text nor parts", pointer=pointer)
    return [_read_part(part, f"{pointer}/{index}", talk) for index, part in enumerate(value)]


def _read_part(part: Any, pointer: str, talk: Talk) -> Part:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str):
        raise RowError("unknown_part", "a part without a type", pointer=pointer)
    if kind in TEXT_TYPES or kind in ("refusal", "summary_text", "reasoning_text"):
        text = part.get("refusal" if kind == "refusal" else "text")
        if not isinstance(text, str):
            raise RowError("bad_content", "a part of text holds no text", pointer=pointer)
        return talk.text(text)
    if kind == "input_image":
        return Part("image", media=talk.media.add("image", _image(part), pointer))
    if kind == "input_audio":
        return Part("audio", media=talk.media.add("audio", part, pointer))
    if kind == "input_file":
        data = part.get("file_data")
        mime = data.split(";")[0].removeprefix("data:") if isinstance(data, str) else None
        return talk.file(mime, data_uri(None, str(data)), pointer)
    raise RowError("unknown_part", f"a part of an unknown type: {kind!r}", pointer=pointer)


def _image(part: dict[str, Any]) -> Any:
    return part.get("image_url") or part.get("file_id") or part
