"""Harmony, gpt-oss's channels: analysis is reasoning, a message to a tool is a call."""

from __future__ import annotations

from dataclasses import dataclass

from agentdata.call_text.base import Reader
from agentdata.call_text.harmony import HarmonyMessage, messages_of
from agentdata.call_text.values import read_value


@dataclass(frozen=True, slots=True)
class Harmony:
    """The wire of gpt-oss: a text is a row of messages, each with a channel."""

    def read(self, reader: Reader) -> tuple[str, str | None]:
        """Reads the calls; content and reasoning."""
        text, at = reader.text, 0
        said: list[str] = []
        thought: list[str] = []
        for message in messages_of(text):
            if text[at : message.start].strip():
                reader.fault("no_channel", "text outside of a channel", at, message.start)
                said.append(text[at : message.start])
            if message.header.is_call:
                _call(reader, message)
            else:
                is_thought = message.header.channel == "analysis"
                (thought if is_thought else said).append(text[slice(*message.body)])
            at = message.end
        if text[at:].strip():
            said.append(text[at:])
            if at:
                reader.fault("no_channel", "text outside of a channel", at, len(text))
        return "".join(said), "\n".join(thought) if thought else None


def _call(reader: Reader, message: HarmonyMessage) -> None:
    body, end = message.body
    name = reader.text[slice(*message.name)]
    inner = Reader(reader.text[:end], faults=reader.faults)
    value = read_value(inner, body)
    if value is None:
        reader.add(name, reader.text[body:end], message.name, (body, end))
        return
    if reader.text[value.after : end].strip():
        reader.fault("text_after_json", "text after the arguments", value.after, end)
    reader.add(name, value.value, message.name, (value.start, value.end))
