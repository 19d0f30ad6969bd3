"""Harmony, gpt-oss's channels: analysis is reasoning, a message to a tool is a call.

Source: the published format of openai/harmony.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentdata.call_text.base import Reader
from agentdata.call_text.values import read_value

_START, _CHANNEL, _MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
_NAME = re.compile(r"<\|channel\|>\s*(\w+)")
_TO = re.compile(r"to=(?:functions\.)?(?P<name>[^\s<]+)")
_ROLE = re.compile(r"\s*(?:<\|start\|>)?\s*(?:assistant)?\s*(?:to=[^\s<]+)?\s*")
_END = re.compile(r"<\|(?:end|call|return)\|>|(?=<\|start\|>)|(?=<\|channel\|>)")


@dataclass(frozen=True, slots=True)
class Harmony:
    """The wire of gpt-oss: a text is a row of messages, each with a channel."""

    def read(self, reader: Reader) -> tuple[str, str | None]:
        """Reads the calls; content and reasoning."""
        text, at = reader.text, 0
        said: list[str] = []
        thought: list[str] = []
        while (mark := text.find(_CHANNEL, at)) >= 0:
            message = text.find(_MESSAGE, mark)
            if message < 0:
                break
            head = self._head(reader, at, mark, said)
            body = message + len(_MESSAGE)
            closing = _END.search(text, body)
            end = closing.start() if closing else len(text)
            channel = _NAME.match(text, mark)
            to = _TO.search(text, head, message)
            if to:
                self._call(reader, to, body, end)
            else:
                is_thought = channel is not None and channel[1] == "analysis"
                (thought if is_thought else said).append(text[body:end])
            at = closing.end() if closing else end
        if text[at:].strip():
            said.append(text[at:])
            if at:
                reader.fault("no_channel", "text outside of a channel", at, len(text))
        return "".join(said), "\n".join(thought) if thought else None

    def _head(self, reader: Reader, at: int, mark: int, said: list[str]) -> int:
        """Where the head of a message begins whose channel is at `mark`."""
        text = reader.text
        start = text.rfind(_START, at, mark)
        if start < 0:
            start = at if _ROLE.fullmatch(text, at, mark) else mark
        if text[at:start].strip():
            reader.fault("no_channel", "text outside of a channel", at, start)
            said.append(text[at:start])
        return start

    def _call(self, reader: Reader, to: re.Match[str], body: int, end: int) -> None:
        inner = Reader(reader.text[:end], faults=reader.faults)
        value = read_value(inner, body)
        if value is None:
            reader.add(to["name"], reader.text[body:end], to.span("name"), (body, end))
            return
        if reader.text[value.after : end].strip():
            reader.fault("text_after_json", "text after the arguments", value.after, end)
        reader.add(to["name"], value.value, to.span("name"), (value.start, value.end))
