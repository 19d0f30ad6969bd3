"""The turn marks of each model family: one file per family, found by importing the folder.

A file defines `FORMATS`, a tuple of `ChatFormat`; nothing else has to know of it. Marks are
facts of each family's published chat template; the formats follow the texts that ms-swift trains
with, which the parity suite holds them to.
"""

from __future__ import annotations

import importlib
import pkgutil

from agentdata.errors import UsageError
from agentdata.templates.chat_formats.base import ChatFormat

__all__ = ["CHAT_FORMATS", "ChatFormat", "get_chat_format"]


def _load() -> dict[str, ChatFormat]:
    found: dict[str, ChatFormat] = {}
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for chat_format in getattr(module, "FORMATS", ()):
            found[chat_format.name] = chat_format
    return found


CHAT_FORMATS: dict[str, ChatFormat] = _load()


def get_chat_format(name: str) -> ChatFormat:
    """The chat format of that name. Raises UsageError `unknown_template`."""
    try:
        return CHAT_FORMATS[name]
    except KeyError:
        raise UsageError(
            "unknown_template",
            f"--template {name}: there is no such template",
            remedy=f"one of: {', '.join(sorted(CHAT_FORMATS))}",
        ) from None
