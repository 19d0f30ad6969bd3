"""Proves from a tokenizer.json that a text may be cut in places without changing its tokens.

The cut before a space stands between a character that is not white space and U+0020. It changes
nothing where

- added tokens neither hold such a place nor look at what is beside them,
- the normalizer is none, or NFC, in which a space starts anew,
- no pattern of the pre-tokenizer can match across the place or look across it, and one of them
  always begins a piece at a space, so that the place is the border of two pieces;

then the model, which sees one piece at a time, sees the same pieces. Whatever is not understood
counts as not proved. (`tokenizers` runs: added tokens, normalizer, pre-tokenizer, model.)

The cut behind a line stands between a line break and one of `LINE_STARTS`. It changes nothing where
all of the above holds, no pattern can go on from a line break to such a character, and white space
up to a line break is always one match, whatever follows: the last alternatives of one pattern are
`\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`, and no other one matches white space alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

# White space to some regex engine; only characters that none of them takes for it are solid.
BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f\x20\x85\xa0\u1680\u180e\u2028\u2029\u202f\u205f\u3000"
    + "".join(map(chr, range(0x2000, 0x200B)))
)
LINE_STARTS = frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#*-[{<>(`\"'"
)
"""Characters before which a line break may be cut off (and all of the CJK ideographs)."""
_LINE_TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""The pattern of `ByteLevel` with `use_regex`."""
_PROPERTY = re.compile(r"\\p\{(?:L|Lu|Ll|Lt|Lm|Lo|M|Mn|Mc|Me|N|Nd|Nl|No|P|S|Han)\}")
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d+)(,?)(\d*)\})[+?]?")
_ESCAPE = {"r": "\r", "n": "\n", "t": "\t", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where texts may be cut: before spaces, behind lines."""

    spaces: bool = False
    lines: bool = False

    def at(self, text: str, place: int) -> bool:
        """Whether the text may be cut before its character `place`, from 1 on."""
        if self.lines and text[place - 1] == "\n":
            return text[place] in LINE_STARTS or "\u4e00" <= text[place] <= "\u9fff"
        return self.spaces and text[place] == " " and text[place - 1] not in BLANKS

    def last(self, text: str, start: int, end: int) -> int:
        """A late place from `start` to `end` where a text may be cut; `start` if none is found."""
        if not self.spaces:
            return start
        place = text.rfind(" ", start + 1, end)
        return place if place > 0 and text[place - 1] not in BLANKS else start


def proved_cuts(document: dict[str, Any]) -> Cuts:
    """What is proved for the tokenizer of this tokenizer.json."""
    model = document.get("model") or {}
    sound = (
        model.get("type", "BPE") == "BPE"
        and not model.get("dropout")
        and is_nfc_at_most(document.get("normalizer"))
        and _added_apart(document.get("added_tokens") or [], normalizes(document))
    )
    if not sound:
        return Cuts()
    return _split_cuts(document.get("pre_tokenizer"), normalizes(document))


def normalizes(document: dict[str, Any]) -> bool:
    """Whether there is a normalizer that may change a text."""
    normalizer = document.get("normalizer")
    return normalizer is not None and normalizer.get("normalizers") != []


def is_nfc_at_most(normalizer: dict[str, Any] | None) -> bool:
    """Whether a normalizer does nothing, or nothing but NFC."""
    if normalizer is None or normalizer.get("type") == "NFC":
        return True
    parts = normalizer.get("normalizers")
    return isinstance(parts, list) and all(is_nfc_at_most(part) for part in parts)


def _added_apart(added: list[dict[str, Any]], normalizes: bool) -> bool:
    """Whether added tokens are found wherever their letters stand, whatever surrounds them, and
    always the leftmost, of these the longest."""
    looks_around = any(
        token.get(key) for token in added for key in ("lstrip", "rstrip", "single_word")
    )
    contents = [str(token["content"]) for token in added]
    if looks_around or any(not content or re.search(r"\s", content) for content in contents):
        return False
    # Those marked `normalized` are sought only in what the others leave.
    late = [str(token["content"]) for token in added if token.get("normalized")]
    early = {str(token["content"]) for token in added if not token.get("normalized")}
    if late and normalizes:
        return False
    heads = {content[:end] for content in early for end in range(1, len(content) + 1)}
    for content in late:
        places = range(len(content))
        if any(content[start:] in heads for start in places):
            return False
        if any(content[i : j + 1] in early for i in places for j in places[i:]):
            return False
    return True


def _split_cuts(pre_tokenizer: dict[str, Any] | None, strict: bool) -> Cuts:
    begins = line_begins = False
    lines = True
    for part in _flat(pre_tokenizer):
        match part.get("type"):
            case "ByteLevel":
                if part.get("add_prefix_space"):
                    return Cuts()
                pattern = GPT2_PATTERN if part.get("use_regex", True) else ""
            case "Split":
                pattern = (part.get("pattern") or {}).get("Regex", "")
                if part.get("behavior") != "Isolated" or part.get("invert") or not pattern:
                    return Cuts()
            case "Digits":
                pattern = r"\p{N}+"
            case _:
                return Cuts()
        if pattern:
            pattern = pattern.replace("\r", r"\r").replace("\n", r"\n")
            has_tail = pattern.endswith(_LINE_TAIL)
            try:
                alternatives = _Parser(pattern, strict).alternatives()
            except _UnknownError:
                return Cuts()
            if not all(alternative.safe for alternative in alternatives):
                return Cuts()
            begins |= any(alternative.matches_space for alternative in alternatives)
            line_begins |= has_tail
            head = alternatives[:-3] if has_tail else alternatives
            lines &= all(alternative.line_safe for alternative in alternatives)
            lines &= not any(alternative.looks for alternative in head)
    return Cuts(begins, begins and lines and line_begins)


def _flat(part: dict[str, Any] | None) -> list[dict[str, Any]]:
    if part is None:
        return []
    inner = part.get("pretokenizers")
    return [p for each in inner for p in _flat(each)] if isinstance(inner, list) else [part]


class _UnknownError(Exception):
    """Syntax that the proof does not cover."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What a piece of a pattern may do. `solid`: match a character that is no white space;
    `space`: match a space; `safe`: never a space after something solid, nor look behind its end
    once it matched something solid. `matches_space`: any space at all is a match of it.
    `breaks`: match a line break; `starts`: match what may begin a line; `line_safe`: never that
    after a line break."""

    solid: bool
    space: bool
    breaks: bool = False
    starts: bool = False
    line_safe: bool = True
    safe: bool = True
    matches_space: bool = False
    looks: bool = False


class _Parser:
    """`strict`: whatever is solid may begin a line."""

    def __init__(self, pattern: str, strict: bool) -> None:
        self.pattern, self.at, self.strict = pattern, 0, strict

    def alternatives(self) -> list[_Part]:
        parts = self._alternatives()
        if self.at < len(self.pattern):
            raise _UnknownError
        return parts

    def _alternatives(self) -> list[_Part]:
        parts = [self._sequence()]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            parts.append(self._sequence())
        return parts

    def _sequence(self) -> _Part:
        items: list[_Part] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            items.append(self._quantified())
        solid = space = breaks = False
        safe = line_safe = True
        for item in items:
            safe &= item.safe and not (solid and (item.space or item.looks))
            line_safe &= item.line_safe and not (breaks and item.starts)
            solid, space = solid or item.solid, space or item.space
            breaks |= item.breaks
        return _Part(
            solid,
            space,
            breaks,
            any(item.starts for item in items),
            line_safe,
            safe,
            matches_space=len(items) == 1 and items[0].matches_space,
            looks=any(item.looks for item in items),
        )

    def _quantified(self) -> _Part:
        item = self._atom()
        found = _QUANTIFIER.match(self.pattern, self.at)
        if not found:
            return item
        self.at = found.end()
        sign, least, comma, most = found.groups()
        if sign:
            repeats, needed = sign != "?", int(sign == "+")
        else:
            repeats, needed = bool(comma and not most) or int(most or least) > 1, int(least)
        if item.looks:
            raise _UnknownError
        return replace(
            item,
            safe=item.safe and not (repeats and item.solid and item.space),
            line_safe=item.line_safe and not (repeats and item.breaks and item.starts),
            matches_space=item.matches_space and needed == 1,
        )

    def _atom(self) -> _Part:
        rest = self.pattern[self.at :]
        if rest.startswith(("(?!", "(?=")):
            self.at += 3
            self._character()
            self._expect(")")
            return _Part(False, False, looks=True)
        if rest.startswith("("):
            opening = re.match(r"\((?:\?(?:i?:))?", rest)
            assert opening is not None
            if opening.group() == "(" and rest.startswith("(?"):
                raise _UnknownError
            self.at += opening.end()
            inner_parts = self._alternatives()
            self._expect(")")
            return _Part(
                any(p.solid for p in inner_parts),
                any(p.space for p in inner_parts),
                any(p.breaks for p in inner_parts),
                any(p.starts for p in inner_parts),
                all(p.line_safe for p in inner_parts),
                all(p.safe for p in inner_parts),
                looks=any(p.looks for p in inner_parts),
            )
        return self._character()

    def _expect(self, text: str) -> None:
        if not self.pattern.startswith(text, self.at):
            raise _UnknownError
        self.at += len(text)

    def _character(self) -> _Part:
        """A class or a character."""
        if self.pattern.startswith("[", self.at):
            return self._class()
        return self._one(in_class=False)

    def _one(self, in_class: bool) -> _Part:
        rest = self.pattern[self.at :]
        if not rest:
            raise _UnknownError
        found = _PROPERTY.match(rest)
        if found:
            self.at += found.end()
            return _Part(True, False, starts=True)
        if rest[0] == "\\":
            self.at += 2
            letter = rest[1:2]
            if letter == "s":
                return _Part(False, True, breaks=True, matches_space=True)
            if letter in ("S", "d"):
                return _Part(True, False, starts=True)
            if letter in _ESCAPE:
                return _Part(False, False, breaks=letter in "rn")
            if not letter or letter.isalnum():
                raise _UnknownError
            return self._literal(letter)
        if not in_class and rest[0] in ".^$*+?{":
            raise _UnknownError
        self.at += 1
        return self._literal(rest[0])

    def _class(self) -> _Part:
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        solid = space = blanks = breaks = starts = False
        while not self.pattern.startswith("]", self.at):
            if self.pattern.startswith(("[", "&&"), self.at):
                raise _UnknownError
            first = self.at
            part = self._one(in_class=True)
            blanks |= part.matches_space and self.pattern[first] == "\\"
            solid, space = solid or part.solid, space or part.space
            # In a negated class only what certainly holds every line break counts.
            breaks |= part.breaks and (
                not negated or self.pattern[first : self.at] in (r"\s", r"\n")
            )
            starts |= part.starts
            if (
                self.pattern.startswith("-", self.at)
                and self.pattern[self.at + 1 : self.at + 2] != "]"
            ):
                low = self.pattern[first : self.at]
                self.at += 1
                high_at = self.at
                self._one(in_class=True)
                high = self.pattern[high_at : self.at]
                if len(low) != 1 or len(high) != 1 or low <= " ":
                    raise _UnknownError
                solid = starts = True
        self.at += 1
        if negated:
            return _Part(True, not space, not breaks, True)
        return _Part(solid, space, breaks, starts, matches_space=blanks)

    def _literal(self, character: str) -> _Part:
        if character == " ":
            return _Part(False, True, matches_space=True)
        solid = character not in BLANKS
        starts = solid and (self.strict or not character.isascii() or character in LINE_STARTS)
        return _Part(solid, False, starts=starts)
