"""Characters that one does not see, made visible: for a terminal as for a page."""

from __future__ import annotations

import re
import unicodedata

LINE_BREAK = "⏎"
TAB = "⇥"
SPACE = "·"

_SHOWN = {"\n": LINE_BREAK, "\t": TAB, "\r": "␍"}
# Letters with an accent (Mn) join what is before them, so they are seen; selectors are not.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_PLAIN = re.compile(r"[ -~]*")


def hidden(character: str) -> str | None:
    """What to show for a character that one does not see; None for any other, and for a space.

    A byte that is no UTF-8 (a surrogate, as by `surrogateescape`) is shown as its number.

    >>> hidden("\\n"), hidden("\\u200b"), hidden("a")
    ('⏎', '<U+200B>', None)
    """
    if character == " " or _PLAIN.fullmatch(character):
        return None
    if character in _SHOWN:
        return _SHOWN[character]
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:
        return f"<{point - 0xDC00:02X}>"
    selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
    if selector or unicodedata.category(character) in _UNSEEN or point in (0x115F, 0x1160, 0x3164):
        return f"<U+{point:04X}>"
    return None


def visible(text: str) -> str:
    """A text in which everything is seen; spaces at its ends are `·`.

    >>> visible(" a\\tb\\n")
    '·a⇥b⏎'
    """
    shown = "".join(hidden(character) or character for character in text)
    body = shown.strip(" ")
    head = len(shown) - len(shown.lstrip(" "))
    return SPACE * head + body + SPACE * (len(shown) - head - len(body))
