"""Views as plain data, for `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdata.show.diff import Pair, paired
from agentdata.show.explain import why
from agentdata.show.view import KINDS, NoView, Run, Seen, TokenView, runs


def as_data(seen: Sequence[Seen]) -> dict[str, Any]:
    """{"rows": [...]}: each with its tokens and with runs of tokens that are alike.

    A token is {"id", "text", "bytes" (hex), "start", "end" (characters of the text), "weight"} and,
    where the source is there, {"kind", "message", "mark", "straddles"}. A byte that is no UTF-8 is
    U+FFFD in texts.
    """
    return {"rows": [_view(view) for view in seen]}


def sides_as_data(sides: Sequence[tuple[Seen | None, Seen | None]]) -> dict[str, Any]:
    """{"rows": [{"left", "right", "blocks"}]}: rows seen in two ways, and of each block where it is
    on either side (tokens), and what of it is the same."""
    rows = []
    for left, right in sides:
        blocks: list[dict[str, Any]] = []
        if isinstance(left, TokenView) and isinstance(right, TokenView):
            blocks = [_pair(pair) for pair in paired(left, right)]
        rows.append(
            {
                "left": None if left is None else _view(left),
                "right": None if right is None else _view(right),
                "blocks": blocks,
            }
        )
    return {"rows": rows}


def _pair(pair: Pair) -> dict[str, Any]:
    block = pair.left or pair.right
    assert block is not None
    return {
        "kind": block.kind or None,
        "message": block.message if block.message >= 0 else None,
        "left": [pair.left.start, pair.left.end] if pair.left else None,
        "right": [pair.right.start, pair.right.end] if pair.right else None,
        "same_text": pair.text,
        "same_tokens": pair.tokens,
        "same_weights": pair.weights,
    }


def _view(view: Seen) -> dict[str, Any]:
    place = view.place
    row: dict[str, Any] = {
        "row": place.number,
        "id": place.id,
        "source": place.source,
        "line": place.line,
    }
    if isinstance(view, NoView):
        fault = {"reason": view.code, "message": view.message, "pointer": view.pointer}
        return row | {"rejected": fault}
    return row | {
        **view.about,
        "notes": list(view.notes),
        "text": clean(view.text),
        "trained_tokens": int((view.weights > 0).sum()),
        "weight_sum": float(view.weights.sum(dtype="float64")),
        "tokens": _tokens(view),
        "runs": [_run(run) for run in runs(view)],
    }


def clean(text: str) -> str:
    """A text without lone surrogates, which JSON cannot hold."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _tokens(view: TokenView) -> list[dict[str, Any]]:
    starts, ends = view.starts.tolist(), view.ends.tolist()
    tokens = [
        {
            "id": id_,
            "text": clean(view.text[start:end]),
            "bytes": piece.hex(),
            "start": start,
            "end": end,
            "weight": weight,
        }
        for id_, start, end, weight, piece in zip(
            view.ids.tolist(), starts, ends, view.weights.tolist(), view.pieces, strict=True
        )
    ]
    tells = view.tells
    if tells is not None:
        for token, kind, message, mark, straddles in zip(
            tokens,
            tells.kinds.tolist(),
            tells.messages.tolist(),
            tells.mark.tolist(),
            tells.straddling.tolist(),
            strict=True,
        ):
            token["kind"] = KINDS[kind].value
            token["message"] = message if message >= 0 else None
            token["mark"] = mark
            token["straddles"] = straddles
    return tokens


def _run(run: Run) -> dict[str, Any]:
    return {
        "start": run.start,
        "end": run.end,
        "weight": run.weight,
        "kind": run.kind or None,
        "message": run.message if run.message >= 0 else None,
        "mark": run.mark,
        "straddles": run.straddling,
        "why": why(run),
        "factors": [step._asdict() for step in run.steps],
    }
