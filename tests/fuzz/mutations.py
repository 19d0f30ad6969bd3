"""Rows broken in the ways that real files are broken, seeded: the same on every machine."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

STRANGE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\0",
    "\ufeff",
    "é" * 40,
    "<think>",
    "</think>",
    "<|im_end|>",
    "{",
    '{"name": "f", "arguments": ',
    "[f(a=",
    "Action: f\nAction Input: {",
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": None},
    {"role": "user"},
    ["a", 1, {"b": []}],
)


def mutated(row: Any, rng: random.Random) -> bytes:
    """One line made of the row: a value mutated, its text mutated, or both."""
    value = copy.deepcopy(row)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        value = rng.choice(VALUE_MUTATIONS)(value, rng)
    line = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if rng.random() < 0.4:
        line = rng.choice(TEXT_MUTATIONS)(line, rng)
    return line.replace(b"\n", b" ") + rng.choice((b"\n", b"\n", b"\r\n"))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    stack = [value]
    while stack:
        node = stack.pop()
        keys = node if isinstance(node, dict) else range(len(node))
        for key in keys:
            yield node, key
            if isinstance(node[key], dict | list):
                stack.append(node[key])


def _place(value: Any, rng: random.Random) -> tuple[Any, Any] | None:
    places = list(_places(value)) if isinstance(value, dict | list) else []
    return rng.choice(places) if places else None


def drop(value: Any, rng: random.Random) -> Any:
    if place := _place(value, rng):
        del place[0][place[1]]
    return value


def retype(value: Any, rng: random.Random) -> Any:
    if place := _place(value, rng):
        place[0][place[1]] = copy.deepcopy(rng.choice(STRANGE))
    return value


def stringify(value: Any, rng: random.Random) -> Any:
    if place := _place(value, rng):
        place[0][place[1]] = json.dumps(place[0][place[1]])
    return value


def parse(value: Any, rng: random.Random) -> Any:
    """A string that holds JSON becomes the value; any other is cut in the middle."""
    if (place := _place(value, rng)) and isinstance(place[0][place[1]], str):
        text = place[0][place[1]]
        try:
            place[0][place[1]] = json.loads(text)
        except ValueError:
            place[0][place[1]] = text[: rng.randrange(len(text) + 1)]
    return value


def repeat(value: Any, rng: random.Random) -> Any:
    if (place := _place(value, rng)) and isinstance(place[0], list):
        place[0].insert(place[1], copy.deepcopy(place[0][place[1]]))
    return value


def reorder(value: Any, rng: random.Random) -> Any:
    if (place := _place(value, rng)) and isinstance(place[0], list):
        rng.shuffle(place[0])
    return value


def swap(value: Any, rng: random.Random) -> Any:
    """Two values change places, whatever their types."""
    one, two = _place(value, rng), _place(value, rng)
    if one and two:
        first = copy.deepcopy(one[0][one[1]])
        second = copy.deepcopy(two[0][two[1]])
        one[0][one[1]] = second
        with suppress(KeyError, IndexError):
            two[0][two[1]] = first
    return value


def rename(value: Any, rng: random.Random) -> Any:
    if (place := _place(value, rng)) and isinstance(place[0], dict):
        place[0][rng.choice(("role", "content", "from", "value", "id", "tools", "X"))] = place[
            0
        ].pop(place[1])
    return value


def deepen(value: Any, rng: random.Random) -> Any:
    if place := _place(value, rng):
        for _ in range(rng.choice((3, 60, 300))):
            place[0][place[1]] = rng.choice(([place[0][place[1]]], {"a": place[0][place[1]]}))
    return value


def surrogate(value: Any, rng: random.Random) -> Any:
    if place := _place(value, rng):
        place[0][place[1]] = rng.choice(("\ud800", "a\udfffb", {"\ud83d": 1}))
    return value


VALUE_MUTATIONS: tuple[Callable[[Any, random.Random], Any], ...] = (
    drop,
    drop,
    retype,
    retype,
    retype,
    stringify,
    parse,
    repeat,
    reorder,
    swap,
    rename,
    deepen,
    surrogate,
)


def truncate(line: bytes, rng: random.Random) -> bytes:
    return line[: rng.randrange(len(line) + 1)]


def flip(line: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(line))
    return line[:at] + bytes([rng.randrange(256)]) + line[at + 1 :]


def insert(line: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(line) + 1)
    piece = rng.choice((b"\0", b"\xef\xbb\xbf", b"\xff", b'"', b"\\", b"{", b"]", b",", b"\r"))
    return line[:at] + piece + line[at:]


def recode(line: bytes, rng: random.Random) -> bytes:
    text = line.decode("utf-8", "replace")
    encoding = rng.choice(("latin-1", "utf-16", "utf-16-le", "gb18030", "utf-8-sig"))
    return text.encode(encoding, "replace")


def nest(line: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((1000, 10_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return b'{"messages": ' + opening * depth + b"1" + closing * depth + b"}"


def double_key(line: bytes, rng: random.Random) -> bytes:
    key = rng.choice((b'"messages"', b'"tools"', b'"conversations"', b'"id"'))
    return b"{" + key + b": " + rng.choice((b"1", b"[]", b'"a"')) + b", " + line.lstrip(b"{")


def scalar(line: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"null", b"1", b'"a"', b"[]", b"NaN", b"{}", b"", b"  ", b"[" + line + b"]"))


TEXT_MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncate,
    flip,
    insert,
    recode,
    nest,
    double_key,
    scalar,
)
