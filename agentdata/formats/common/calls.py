"""Tool calls, however a row writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentdata.conversation import Message, ToolCall
from agentdata.errors import RowError
from agentdata.formats.common.values import first_value, json_or_none, literal_or_text
from agentdata.json_text import dumps
from agentdata.literals import read_text_value

NAME_KEYS = ("name", "api_name", "tool_name", "function_name", "function")
ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")
ID_KEYS = ("id", "tool_call_id", "call_id")
DOUBLE_ENCODED = "double_encoded_arguments"
ARGUMENTS_AS_TEXT = "arguments_as_text"
"""Warning: arguments that are no JSON object; they stay the text that they are."""


def read_call(value: Any, pointer: str, warnings: list[str]) -> ToolCall:
    """One call: {"name", "arguments"} or {"id", "function": {"name", "arguments"}}.

    Raises RowError `bad_tool_call`.
    """
    if not isinstance(value, dict):
        raise RowError("bad_tool_call", "a call is no object", pointer=pointer)
    inner = value.get("function")
    if inner is None or isinstance(inner, str):
        inner = value
    elif not isinstance(inner, dict):
        raise RowError("bad_tool_call", "`function` is no object", pointer=f"{pointer}/function")
    name = first_value(inner, NAME_KEYS)
    if not isinstance(name, str) or not name:
        raise RowError("bad_tool_call", "a call has no name", pointer=pointer)
    call_id = first_value(value, ID_KEYS)
    return ToolCall(
        name=name,
        arguments=read_arguments(first_value(inner, ARGUMENT_KEYS), warnings),
        id=str(call_id) if call_id is not None else None,
    )


def read_arguments(value: Any, warnings: list[str]) -> dict[str, Any] | str:
    """The arguments as an object; text that is no JSON object stays as it stands, with a warning.

    Text that holds the JSON text of an object once more is unpacked, with a warning. Null is the
    empty object; any other value that is no object becomes its JSON text.
    """
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    if not isinstance(value, str):
        warnings.append(ARGUMENTS_AS_TEXT)
        return dumps(value)
    parsed = json_or_none(value)
    if isinstance(parsed, str):
        parsed = json_or_none(parsed)
        if isinstance(parsed, dict):
            warnings.append(DOUBLE_ENCODED)
    if isinstance(parsed, dict):
        return parsed
    warnings.append(ARGUMENTS_AS_TEXT)
    return value


def read_written_arguments(value: Any, warnings: list[str]) -> dict[str, Any] | str:
    """As `read_arguments`, but text may also be a Python literal, as where a model wrote it."""
    literal = literal_or_text(value) if isinstance(value, str) else value
    return literal if isinstance(literal, dict) else read_arguments(value, warnings)


def text_warnings(messages: Iterable[Message]) -> tuple[str, ...]:
    """A warning for each call of the messages whose arguments stayed text."""
    calls = (call for message in messages for call in message.tool_calls)
    return tuple(ARGUMENTS_AS_TEXT for call in calls if isinstance(call.arguments, str))


def read_calls_text(value: Any, pointer: str, warnings: list[str]) -> tuple[ToolCall, ...]:
    """The calls in a turn that is nothing but calls: one call or a list, as JSON text, as the text
    of a Python literal, or not as text at all.

    Raises RowError `bad_tool_call`.
    """
    if isinstance(value, str):
        try:
            value = read_text_value(value, pointer)
        except RowError as error:
            raise RowError(
                "bad_tool_call", f"the call is {error.message}", pointer=pointer
            ) from None
    calls = value if isinstance(value, list) else [value]
    if not calls:
        raise RowError("bad_tool_call", "the list of calls is empty", pointer=pointer)
    return tuple(read_call(call, pointer, warnings) for call in calls)
