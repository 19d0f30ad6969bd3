"""Tools as a template reads them, made once: the same stand in thousands of rows."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.templates.jinja.messages import Forms, bare, wrapped
from agentdata.templates.jinja.origin import Field, Origin
from agentdata.templates.jinja.values import Kept, List, PlainKept, traced, untraced

_MOST_BYTES = 1 << 19
"""Of the keys of tools that are kept; what is made of a tool takes up to thirty times as much."""
_ORIGIN = Origin(Field.TOOLS)


class Tools:
    """The tools of rows in one of the forms of `Forms.tools`. Nothing may change what it gives."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Kept] = {}
        self._bytes = 0
        self._last: tuple[Any, str, list[Any]] = (None, "", [])

    def of(self, tools: Sequence[ToolSpec], forms: Forms) -> list[Any] | None:
        """The tools, each string with its source; None where there are none."""
        if not tools:
            return None
        given, form, listed = self._last
        if given is tools and form == forms.tools:
            return listed
        shape = wrapped if forms.tools == "wrapped" else bare
        listed = List([self._tool(shape(tool), forms) for tool in tools])
        listed._origin = _ORIGIN
        self._last = tools, forms.tools, listed
        return listed

    def _tool(self, raw: dict[str, Any], forms: Forms) -> Any:
        try:
            # Unlike JSON it tells 1 from 1.0 and True, and takes nothing but data.
            key = (forms.tools, marshal.dumps(raw, 2))
        except ValueError:
            return traced(raw, _ORIGIN)
        known = self._known.get(key)
        if known is None:
            known = Kept(traced(raw, _ORIGIN))
            known._origin = _ORIGIN
            known.plain = PlainKept(untraced(known))
            known.texts, known.plain.texts = {}, {}
            self._bytes += len(key[1])
            if self._bytes > _MOST_BYTES:
                self._known.clear()
                self._bytes = len(key[1])
            self._known[key] = known
        return known


def plain_tools(tools: Sequence[Any] | None) -> list[Any] | None:
    """What `Tools.of` gave, in plain Python types."""
    if tools is None:
        return None
    return [tool.plain if isinstance(tool, Kept) else untraced(tool) for tool in tools]
