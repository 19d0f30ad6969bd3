"""Checks of meaning over conversations: one module per group, each with a `GROUP`; importing this
folder finds them."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from agentdata.checks.base import CheckGroup, CheckLevel, Finding
from agentdata.checks.places import raw_pointer
from agentdata.conversation import Conversation
from agentdata.errors import RowError

__all__ = ["CHECKS", "CheckGroup", "CheckLevel", "Finding", "checked", "find", "raw_pointer"]


def _groups() -> tuple[CheckGroup, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple(module.GROUP for module in modules if hasattr(module, "GROUP"))


_GROUPS = _groups()

CHECKS: dict[str, str] = {code: line for group in _GROUPS for code, line in group.help.items()}
"""{code: what it means, in one line} of all checks."""


def find(conversation: Conversation) -> Iterator[Finding]:
    """What the checks have to say about a conversation."""
    for group in _GROUPS:
        yield from group.run(conversation)


def checked(
    conversation: Conversation, level: CheckLevel, row: Mapping[str, Any] | None = None
) -> Conversation:
    """The conversation, with the codes of what was found among its warnings.

    Raises RowError with the code of the first finding if `level` is `strict`, and its place in
    the raw row where `row` is given.
    """
    if level == "off":
        return conversation
    findings = [finding for group in _GROUPS for finding in group.run(conversation)]
    if not findings:
        return conversation
    if level == "strict":
        first = findings[0]
        raise RowError(
            first.code,
            f"{first.message} ({first.pointer or '/'} of the conversation)",
            pointer=raw_pointer(row, conversation, first.pointer) if row else "",
            remedy="mend the row, or let it pass with --check normal",
        )
    codes = tuple(finding.code for finding in findings)
    return replace(conversation, warnings=conversation.warnings + codes)
