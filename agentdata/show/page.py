"""Views as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import orjson
from markupsafe import Markup

from agentdata.json_text import compact
from agentdata.show.explain import why
from agentdata.show.scale import STEPS
from agentdata.show.view import CUT, KINDS, NoView, Seen, TokenView, runs
from agentdata.show.visible import hidden

PAGE_BYTES = 2_000_000
"""A page is smaller than this, unless its first row alone is not."""

_MARK, _OVER, _CUT = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and how many rows are on it; those after them would have made it too large."""

    html: str
    rows: int


def page(seen: Sequence[Seen], title: str, limit_bytes: int = PAGE_BYTES) -> Page:
    """The page of rows. Raw rows are left out, the largest first, then rows from the end on,
    until it is smaller than `limit_bytes`."""
    whys: dict[str, int] = {}
    rows = [_row(view, whys) for view in seen]
    raw_sizes = [len(_embedded(row["raw"])) for row in rows]
    sizes = [len(_embedded(row)) for row in rows]
    room = limit_bytes - len(_page([], whys, title, seen).encode())
    for index in sorted(range(len(rows)), key=lambda index: -raw_sizes[index]):
        if sum(sizes) < room:
            break
        rows[index]["raw"] = None
        sizes[index] -= raw_sizes[index]
    count = len(rows)
    while count > 1 and sum(sizes[:count]) + count >= room:
        count -= 1
    return Page(_page(rows[:count], whys, title, seen), count)


def _page(
    rows: list[dict[str, Any]], whys: dict[str, int], title: str, seen: Sequence[Seen]
) -> str:
    folder = resources.files("agentdata.assets") / "show"
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "page.js").read_text(encoding="utf-8")
    # Autoescaping: what is no Markup here (title, about) is data.
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((folder / "page.html").read_text(encoding="utf-8"))
    data = {
        "rows": rows,
        "whys": list(whys),
        "kinds": ["", *(kind.value for kind in KINDS)],
        "steps": [[step.css, step.low, min(step.high, 1e300)] for step in STEPS],
    }
    return template.render(
        title=_whole(title),
        about=_about(seen),
        legend=STEPS,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(_embedded(data).decode()),
    )


def _about(seen: Sequence[Seen]) -> str:
    """What is common to the rows."""
    found = [view.about for view in seen if isinstance(view, TokenView)]
    said = found[0].items() if found else ()
    return _whole(" · ".join(f"{key.replace('_', ' ')} {value}" for key, value in said))


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(value: Any) -> bytes:
    """JSON that may stand inside a script element: nothing in it ends or opens an element."""
    raw = orjson.dumps(value)
    for character in ("<", ">", "&", "\u2028", "\u2029"):
        raw = raw.replace(character.encode(), f"\\u{ord(character):04x}".encode())
    return raw


def _whole(text: str) -> str:
    """A text with U+FFFD for each half of a surrogate pair, which no page can hold."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _row(view: Seen, whys: dict[str, int]) -> dict[str, Any]:
    place = view.place
    row: dict[str, Any] = {
        "n": place.number,
        "id": _whole(place.id),
        "source": _whole(place.source),
        "line": place.line,
        "raw": None if view.raw is None else _raw(view.raw),
    }
    if isinstance(view, NoView):
        fault = {"code": view.code, "message": view.message, "pointer": view.pointer}
        return row | {"fault": {key: _whole(value) for key, value in fault.items()}}
    starts, ends = _utf16(view)
    before = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    shared = np.flatnonzero(view.shares_characters()).tolist()
    return row | {
        "notes": list(view.notes),
        "text": _whole(view.text),
        "ids": view.ids.tolist(),
        # The end of each token behind that of the one before; where one does not begin there, too.
        "ends": (ends - before).tolist(),
        "starts": {str(i): int(starts[i]) for i in np.flatnonzero(starts != before).tolist()},
        "parts": {str(i): [view.pieces[i].hex(" "), _partial(view.pieces[i])] for i in shared},
        "roles": list(view.tells.roles) if view.tells is not None else [],
        "runs": [
            [
                run.end - run.start,
                1 + _KIND_NUMBERS[run.kind] if run.kind else 0,
                run.message,
                run.weight,
                _MARK * run.mark + _OVER * run.straddling + _CUT * (run.note == CUT),
                whys.setdefault(_whole(why(run)), len(whys)),
            ]
            for run in runs(view)
        ],
    }


def _partial(piece: bytes) -> str:
    """A token that holds parts of characters: those of which it has all, and bytes."""
    text = piece.decode("utf-8", "surrogateescape")
    return "".join(hidden(c) or c if "\udc80" <= c <= "\udcff" else c for c in text)


_KIND_NUMBERS = {kind.value: number for number, kind in enumerate(KINDS)}


def _raw(value: Any) -> str:
    if isinstance(value, str):
        return _whole(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:
        return compact(value).decode()


def _utf16(view: TokenView) -> tuple[Any, Any]:
    """Starts and ends in UTF-16 units, as scripts count."""
    points = np.frombuffer(view.text.encode("utf-32-le", "surrogatepass"), np.uint32)
    before = np.concatenate([[0], np.cumsum(points >= 0x10000)]).astype(np.int64)
    return view.starts + before[view.starts], view.ends + before[view.ends]
