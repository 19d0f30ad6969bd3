"""Bounds on what a template may do: a template is code of somebody else's.

All bounds count work, not seconds, so that a run gives the same result on every machine.
"""

from __future__ import annotations

from typing import SupportsIndex

from agentdata.errors import RowError

LIMIT = "template_limit"
"""The code of the error of a template that goes past a bound."""
MAX_CHARS = 64_000_000
"""Longest text, in characters, that a template may put together."""
MAX_STEPS = 2_000_000
"""Most turns of loops in one render; a call of a macro counts as several."""
MAX_WIDTH = 10_000
"""Widest padding or indent."""
MAX_ITEMS = 10_000_000
"""Longest list made by repeating or joining lists."""
MAX_POWER_BITS = 4_096


def too_much(what: str) -> RowError:
    """The error of a template that goes past a bound."""
    return RowError(
        LIMIT,
        f"the chat template {what}",
        remedy="the template is at fault, or the row is far longer than any model reads",
    )


def check_length(chars: int) -> None:
    if chars > MAX_CHARS:
        raise too_much(f"makes a text of more than {MAX_CHARS} characters")


def check_width(width: SupportsIndex) -> int:
    if int(width) > MAX_WIDTH:
        raise too_much(f"pads text to more than {MAX_WIDTH} characters")
    return int(width)


def check_items(items: int) -> None:
    if items > MAX_ITEMS:
        raise too_much(f"makes a list of more than {MAX_ITEMS} items")
