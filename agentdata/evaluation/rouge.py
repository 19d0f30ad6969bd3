"""ROUGE-L of a reply, in any script."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

# Scripts without spaces between words: Thai to Khmer, kana, Han and its extensions.
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(rf"[{_ALONE}]|(?:(?![{_ALONE}_])\w)+")


def rouge_l(text: str, reference: str) -> float:
    """F1 of the longest common subsequence of tokens (Lin 2004), from 0 to 1.

    Tokens are runs of letters and digits without case; in scripts without spaces (Chinese,
    Japanese, Thai ...) each character. For English this is what `rouge-score` gives without its
    stemmer. Texts without any token agree with each other alone.

    >>> rouge_l("the cat sat", "The cat ran."), rouge_l("今天晴", "今天很晴")
    (0.6666666666666666, 0.8571428571428571)
    """
    one, other = tokens(text), tokens(reference)
    if not one or not other:
        return float(one == other)
    return 2 * common_length(one, other) / (len(one) + len(other))


def tokens(text: str) -> list[str]:
    """The tokens that count.

    >>> tokens("It's 20°C in 北京")
    ['it', 's', '20', 'c', 'in', '北', '京']
    """
    return _TOKEN.findall(text.lower())


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, by the bits of one integer (Hyyrö 2004)."""
    places: dict[str, int] = defaultdict(int)
    for index, token in enumerate(one):
        places[token] |= 1 << index
    all_bits = (1 << len(one)) - 1
    row = all_bits
    for token in other:
        found = row & places.get(token, 0)
        row = ((row + found) | (row - found)) & all_bits
    return len(one) - row.bit_count()
