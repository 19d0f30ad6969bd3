"""What tools declare of their parameters: which hold text, for styles that do not write types."""

from __future__ import annotations

from collections.abc import Iterable

from agentdata.call_text.base import IsText
from agentdata.conversation import ToolSpec

_TEXT = frozenset({"string", "str"})


def declared_text(tools: Iterable[ToolSpec], *, unsure: bool) -> IsText:
    """Whether a parameter holds text by what `tools` declare: `unsure` is the answer where its type
    is not known, or text is one of several."""
    declared: dict[tuple[str, str], bool] = {}
    for tool in tools:
        properties = (tool.parameters or {}).get("properties")
        for key, schema in properties.items() if isinstance(properties, dict) else ():
            kind = schema.get("type") if isinstance(schema, dict) else None
            listed = kind if isinstance(kind, list) else [kind]
            kinds = {one for one in listed if isinstance(one, str)}
            if kinds and (kinds <= _TEXT or not kinds & _TEXT):
                declared.setdefault((tool.name, key), kinds <= _TEXT)
    return lambda number, name, key: declared.get((name, key), unsure)
