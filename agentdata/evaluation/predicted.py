"""What a model did: a turn out of its raw text, or out of calls that are parsed already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentdata import formats
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.errors import RowError, UsageError
from agentdata.formats.common.calls import read_call
from agentdata.formats.common.values import first_value
from agentdata.templates import Template, parse_calls
from agentdata.templates.parse import AnyTemplate

TEXT_KEYS = ("text", "prediction", "output", "response", "result")
CALL_KEYS = ("tool_calls", "calls")
_NATIVE = "modelscope_agent"
_NATIVE_MARK, _NATIVE_RESULT = "<|startofthink|>", "<|startofexec|>"


@dataclass(frozen=True, slots=True)
class PredictedTurn:
    """A turn as the model gave it. `urls` has one entry per call, None where it has none.
    `is_sound` is whether nothing in it is malformed, `fault` the first thing that is."""

    calls: tuple[ToolCall, ...]
    content: str
    urls: tuple[str | None, ...]
    fault: str = ""

    @property
    def is_sound(self) -> bool:
        return not self.fault


def parse_turn(text: str, template: AnyTemplate, tools: Sequence[ToolSpec] = ()) -> PredictedTurn:
    """The turn that a raw text is; `modelscope_agent` reads the blocks of MSAgent-Bench too.

    Raises UsageError for templates whose calls cannot be read back.
    """
    name = template.chat_format.name if isinstance(template, Template) else template
    if name == _NATIVE and _NATIVE_MARK in text:
        return _native_turn(text)
    parsed = parse_calls(text, template, tools)
    fault = f"{parsed.faults[0].code}: {parsed.faults[0].message}" if parsed.faults else ""
    return PredictedTurn(parsed.tool_calls, parsed.content, (None,) * len(parsed.tool_calls), fault)


def read_prediction(
    row: Mapping[str, Any], template: AnyTemplate | None, tools: Sequence[ToolSpec] = ()
) -> PredictedTurn:
    """The turn in a row of predictions: raw text under one of `TEXT_KEYS`, or calls.

    Raises RowError `no_prediction` and those of calls, UsageError `no_template` for raw text.
    """
    calls = first_value(dict(row), CALL_KEYS)
    text = first_value(dict(row), TEXT_KEYS)
    if calls is None and isinstance(text, list):
        calls, text = text, None
    if calls is not None:
        return _parsed_turn(calls, row.get("content", text))
    if not isinstance(text, str):
        if isinstance(row.get("content"), str):
            return _parsed_turn([], row["content"])
        known = ", ".join((*TEXT_KEYS, *CALL_KEYS))
        raise RowError("no_prediction", f"the row has none of: {known}")
    if template is None:
        raise UsageError(
            "no_template",
            "raw text cannot be read without --template",
            remedy="name the template that the model was trained with (`agentdata templates`)",
        )
    return parse_turn(text, template, tools)


def _parsed_turn(calls: Any, content: Any) -> PredictedTurn:
    if not isinstance(calls, list):
        raise RowError("bad_tool_call", "the calls are no list")
    read = [_read(call, f"/{index}") for index, call in enumerate(calls)]
    as_text = next((call.name for call, _ in read if isinstance(call.arguments, str)), None)
    return PredictedTurn(
        tuple(call for call, _ in read),
        content if isinstance(content, str) else "",
        tuple(url for _, url in read),
        f"arguments_not_object: those of {as_text}" if as_text is not None else "",
    )


def _read(call: Any, pointer: str) -> tuple[ToolCall, str | None]:
    if isinstance(call, dict) and len(call) == 1 and "function" not in call and "name" not in call:
        # As BFCL writes results: {name: arguments}.
        ((name, arguments),) = call.items()
        call = {"name": name, "arguments": arguments}
    url = call.get("url") if isinstance(call, dict) else None
    return read_call(call, pointer, []), url if isinstance(url, str) else None


def _native_turn(text: str) -> PredictedTurn:
    """A value of MSAgent-Bench up to the first result, which the model does not write."""
    said = text.split(_NATIVE_RESULT)[0].rstrip().removesuffix("</s>").rstrip()
    turns = [{"from": "user", "value": "?"}, {"from": "assistant", "value": said}]
    try:
        conversation = formats.get("msagent").read({"conversations": turns})
    except RowError as error:
        return PredictedTurn((), text, (), f"{error.code}: {error}")
    said_by_model = [m for m in conversation.messages if m.role == "assistant"]
    calls = tuple(call for message in said_by_model for call in message.tool_calls)
    return PredictedTurn(
        calls,
        "\n".join(message.text for message in said_by_model if message.text),
        tuple(conversation.meta.get("call_urls", ())),
        "arguments_not_object" if any(isinstance(c.arguments, str) for c in calls) else "",
    )
