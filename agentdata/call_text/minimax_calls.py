"""MiniMax-M3's calls: a tag for every member, nested as the arguments are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentdata.call_text.base import Reader
from agentdata.json_text import MAX_DEPTH, JsonError, loads

_MARK = "]<]minimax[>["
_INVOKE = re.compile(re.escape(_MARK) + r'<invoke name="(?P<name>[^\n<>]*?)">')
_TAG = re.compile(re.escape(_MARK) + r"<(?P<end>/?)(?P<tag>[^<>\n]+)>")


@dataclass(frozen=True, slots=True)
class MiniMaxCalls:
    """Members are tags, items of lists `item`; what is no text is not told apart by type, so a
    value is JSON where it reads as such. Null members are not written."""

    def find(self, text: str, start: int) -> int:
        match = _INVOKE.search(text, start)
        return match.start() if match else -1

    def read(self, reader: Reader, start: int) -> int:
        invoke = _INVOKE.match(reader.text, start)
        assert invoke is not None
        name, number = invoke["name"], len(reader.calls)
        stack: list[tuple[str, list[tuple[str, Any]]]] = [("invoke", [])]
        at = begin = invoke.end()
        while tag := _TAG.search(reader.text, at):
            written = reader.text[begin : tag.start()]
            if not tag["end"]:
                if len(stack) > MAX_DEPTH or _INVOKE.match(reader.text, tag.start()):
                    break
                stack.append((tag["tag"], []))
            elif tag["tag"] != stack[-1][0]:
                reader.fault("wrong_end", f"</{tag['tag']}> ends no open tag", *tag.span())
                break
            else:
                key, children = stack.pop()
                if not stack:
                    arguments = dict(children)
                    place = (invoke.end(), tag.start())
                    reader.add(name, arguments, invoke.span("name"), place)
                    return tag.end()
                top = len(stack) == 1 and reader.is_text(number, name, key)
                stack[-1][1].append((key, _together(children) if children else _leaf(written, top)))
            at = begin = tag.end()
        end = tag.start() if tag else len(reader.text)
        reader.fault("missing_end", "no </invoke> after the call", end, end)
        reader.add(name, dict(stack[0][1]), invoke.span("name"), (invoke.end(), end))
        return end


def _together(children: list[tuple[str, Any]]) -> Any:
    if children and all(key == "item" for key, _ in children):
        return [value for _, value in children]
    return dict(children)


def _leaf(written: str, is_text: bool) -> Any:
    if is_text:
        return written
    try:
        value = loads(written)
    except JsonError:
        return written
    return written if isinstance(value, str) else value
