"""Amazon Bedrock Converse: content blocks named by their keys, toolUse and toolResult."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation, Part, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.carried import read_carried
from agentdata.formats.common.rows import JsonList, Row
from agentdata.formats.common.talk import HIDDEN_REASONING, Talk, data_uri
from agentdata.formats.common.tools import read_tool
from agentdata.formats.common.values import check, row_id

_KINDS = frozenset(
    {
        "text",
        "toolUse",
        "toolResult",
        "reasoningContent",
        "image",
        "video",
        "audio",
        "document",
        "cachePoint",
        "guardContent",
        "citationsContent",
        "searchResult",
    }
)
_MARKS = _KINDS - {"text", "image", "video", "audio", "document"}


class BedrockRow(Row):
    """A row of `bedrock`: a request body, or the body of a response (`output`)."""

    system: JsonList | str | None = None  # type: ignore[assignment]
    messages: list[dict[str, Any]] | None = None
    toolConfig: dict[str, Any] | None = None
    output: dict[str, Any] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by untyped content blocks toolUse, toolResult, reasoningContent, by `toolConfig` or
    `inferenceConfig`, or as the body of a response."""
    if is_response(row):
        return Fit.MARKED
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        return Fit.NO
    if not all(_is_message(message) for message in messages):
        return Fit.NO
    keys = {key for message in messages for block in message["content"] for key in block}
    own = ("toolConfig", "inferenceConfig", "schemaVersion")
    return Fit.MARKED if keys & _MARKS or any(row.get(k) for k in own) else Fit.READABLE


def is_response(value: Any) -> bool:
    """Whether a value is the body of a response."""
    output = value.get("output") if isinstance(value, dict) else None
    return isinstance(output, dict) and _is_message(output.get("message"))


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("role") in ("user", "assistant")
        and isinstance(value.get("content"), list)
        and all(
            isinstance(block, dict) and "type" not in block and not _KINDS.isdisjoint(block)
            for block in value["content"]
        )
    )


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(BedrockRow, row)
    return read_pair(row, row if is_response(row) else None)


def read_pair(
    request: dict[str, Any], response: dict[str, Any] | None, at: tuple[str, str] = ("", "")
) -> Conversation:
    """The conversation of a request and the response to it; `at` are their pointers.

    Raises RowError.
    """
    talk = Talk()
    system = request.get("system")
    if isinstance(system, list):
        system = "".join(part.text for part in _others(system, f"{at[0]}/system", talk))
    talk.system(system if isinstance(system, str) else "")
    for index, message in enumerate(request.get("messages") or []):
        _read_message(message, f"{at[0]}/messages/{index}", talk)
    if response is not None:
        talk.spoke = False
        _read_message(response["output"]["message"], f"{at[1]}/output/message", talk)
        talk.check_turn(f"{at[1]}/output/message")
    return talk.conversation(row_id(request), _tools(request, at[0]), read_carried(request))


def _read_message(message: Any, pointer: str, talk: Talk) -> None:
    role = message.get("role") if isinstance(message, dict) else None
    content, at = message.get("content") if role else None, f"{pointer}/content"
    if role not in ("user", "assistant"):
        raise RowError(
            "unknown_role",
            f"the role {role!r} is neither user nor assistant",
            pointer=f"{pointer}/role",
        )
    if isinstance(content, str):
        content = [{"text": content}]
    if not isinstance(content, list):
        raise RowError("bad_content", "the content is no list of blocks", pointer=at)
    talk.close()
    results = 0
    if role == "user":
        for index, block in enumerate(content):
            results += _read_result(block, f"{at}/{index}", talk)
        parts = _others(content, at, talk)
        if parts or not results:
            talk.user(parts)
        return
    for index, block in enumerate(content):
        _read_model(block, f"{at}/{index}", talk)


def _read_model(block: Any, pointer: str, talk: Talk) -> None:
    if _read_result(block, pointer, talk):
        return
    use, thought = _inner(block, "toolUse"), _inner(block, "reasoningContent")
    if use is not None:
        name, call_id = use.get("name"), use.get("toolUseId")
        if not isinstance(name, str) or not name:
            raise RowError("bad_tool_call", "a call has no name", pointer=pointer)
        arguments = read_arguments(use.get("input"), talk.warnings)
        talk.call(ToolCall(name, arguments, call_id if isinstance(call_id, str) else None))
    elif thought is not None:
        text = (_inner(thought, "reasoningText") or {}).get("text")
        if isinstance(text, str) and text:
            talk.reasoning(text)
        else:
            talk.warnings.append(HIDDEN_REASONING)
    else:
        for part in _part(block, pointer, talk):
            talk.say(part)


def _read_result(block: Any, pointer: str, talk: Talk) -> bool:
    """Whether the block is the result of a call, which is then read."""
    result = _inner(block, "toolResult")
    if result is None:
        return False
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    only = blocks[0] if len(blocks) == 1 and isinstance(blocks[0], dict) else {}
    value: Any = content
    if "json" in only:
        value = only["json"]
    elif all(isinstance(b, dict) and "json" not in b and _KINDS & b.keys() for b in blocks):
        value = [
            _typed(part, talk)
            for index, b in enumerate(blocks)
            for part in _part(b, f"{pointer}/toolResult/content/{index}", talk)
        ] or ""
    talk.result(
        value,
        f"{pointer}/toolResult/content",
        call_id=result.get("toolUseId"),
        error=result.get("status") == "error",
    )
    return True


def _typed(part: Part, talk: Talk) -> dict[str, Any]:
    """A part as the reader of results knows it; media are taken in there."""
    if part.media is None:
        return {"type": "text", "text": part.text}
    return {"type": part.type, "url": talk.media.items.pop().ref}


def _others(content: list[Any], pointer: str, talk: Talk) -> list[Part]:
    return [
        part
        for index, block in enumerate(content)
        if _inner(block, "toolResult") is None
        for part in _part(block, f"{pointer}/{index}", talk)
    ]


def _part(block: Any, pointer: str, talk: Talk) -> list[Part]:
    if isinstance(block, dict):
        if isinstance(block.get("text"), str):
            return [talk.text(block["text"])]
        for kind in ("image", "video", "audio", "document"):
            file = _inner(block, kind)
            if file is not None:
                return [_file(kind, file, f"{pointer}/{kind}", talk)]
        cited, guarded = _inner(block, "citationsContent"), _inner(block, "guardContent")
        if cited is not None and isinstance(cited.get("content"), list):
            return _others(cited["content"], f"{pointer}/citationsContent/content", talk)
        if guarded is not None:
            return _part(guarded.get("text"), f"{pointer}/guardContent/text", talk)
        if "cachePoint" in block:
            return []
    raise RowError("unknown_part", "a block of an unknown kind", pointer=pointer)


def _file(kind: str, file: dict[str, Any], pointer: str, talk: Talk) -> Part:
    source = _inner(file, "source") or {}
    mime = f"{kind}/{file.get('format', '*')}"
    s3 = _inner(source, "s3Location") or {}
    if kind == "document" and isinstance(source.get("text"), str):
        return talk.text(source["text"])
    if isinstance(source.get("bytes"), str):
        return talk.file(mime, data_uri(mime, source["bytes"]), pointer)
    if isinstance(s3.get("uri"), str):
        return talk.file(mime, s3["uri"], pointer)
    raise RowError("bad_media", f"the {kind} has no bytes and no place", pointer=pointer)


def _inner(block: Any, key: str) -> dict[str, Any] | None:
    value = block.get(key) if isinstance(block, dict) else None
    return value if isinstance(value, dict) else None


def _tools(row: dict[str, Any], at: str) -> tuple[ToolSpec, ...]:
    tools = (row.get("toolConfig") or {}).get("tools")
    return tuple(
        read_tool(tool, f"{at}/toolConfig/tools/{index}")
        for index, tool in enumerate(tools if isinstance(tools, list) else [])
        if not (isinstance(tool, dict) and "cachePoint" in tool)
    )


FORMAT = Format(
    name="bedrock",
    summary="Bedrock Converse: content blocks text, toolUse, toolResult, reasoningContent",
    row_model=BedrockRow,
    detect=detect,
    read=read,
)
