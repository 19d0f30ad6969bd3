"""Harmony, gpt-oss's channels: analysis is reasoning, a message to a tool is a call.

Source: the published format of openai/harmony.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentdata.templates.parsing.base import Reader
from agentdata.templates.parsing.values import read_value

_HEAD = re.compile(
    r"(?:<\|start\|>assistant)?(?P<before>[^<]*)<\|channel\|>\s*(?P<channel>\w+)(?P<after>[^<]*)"
    r"(?:<\|constrain\|>[^<]*)?<\|message\|>"
)
_TO = re.compile(r"to=(?:functions\.)?(?P<name>\S+)")
_END = re.compile(r"<\|(?:end|call|return)\|>")


@dataclass(frozen=True, slots=True)
class Harmony:
    """The wire of gpt-oss: a text is a row of messages, each with a channel."""

    def read(self, reader: Reader) -> tuple[str, str | None]:
        """Reads the calls; content and reasoning."""
        text, at = reader.text, 0
        said: list[str] = []
        thought: list[str] = []
        while head := _HEAD.search(text, at):
            if text[at : head.start()].strip():
                reader.fault("no_channel", "text outside of a channel", at, head.start())
                said.append(text[at : head.start()])
            body = head.end()
            closing = _END.search(text, body)
            following = _HEAD.search(text, body)
            if (
                following
                and following["before"].strip()
                and not following["before"].startswith(" to")
            ):
                following = None if closing else following
            end = min([m.start() for m in (closing, following) if m], default=len(text))
            to = _TO.search(head["before"]) or _TO.search(head["after"])
            if to and head["channel"] != "final":
                base = head.start("before") if _TO.search(head["before"]) else head.start("after")
                self._call(reader, to, base, body, end)
            else:
                (thought if head["channel"] == "analysis" else said).append(text[body:end])
            at = closing.end() if closing and closing.start() == end else end
        if text[at:].strip():
            said.append(text[at:])
            if at:
                reader.fault("no_channel", "text outside of a channel", at, len(text))
        return "".join(said), "\n".join(thought) if thought else None

    def _call(self, reader: Reader, to: re.Match[str], base: int, body: int, end: int) -> None:
        name_at = (base + to.start("name"), base + to.end("name"))
        inner = Reader(reader.text[:end], faults=reader.faults)
        value = read_value(inner, body)
        if value is None:
            reader.add(to["name"], reader.text[body:end], name_at, (body, end))
            return
        if reader.text[value.after : end].strip():
            reader.fault("text_after_json", "text after the arguments", value.after, end)
        reader.add(to["name"], value.value, name_at, (value.start, value.end))
