"""What a run leaves to read: metrics.jsonl, the loss curve, report.json."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import orjson

Point = tuple[float, float]
METRICS_NAME = "metrics.jsonl"
CURVE_NAME = "loss.svg"
REPORT_NAME = "report.json"

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 44, 52
TRAIN_COLOUR, VALIDATION_COLOUR = "#4878a8", "#c8553d"


def append_metrics(out: Path, record: Mapping[str, Any]) -> None:
    """One line more in metrics.jsonl."""
    with (out / METRICS_NAME).open("ab") as file:
        file.write(orjson.dumps(dict(record), option=orjson.OPT_APPEND_NEWLINE))


def read_metrics(out: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl; one that a crash cut short is left out."""
    path = out / METRICS_NAME
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    return [orjson.loads(line) for line in lines[:-1]]


def keep_metrics_until(out: Path, step: int) -> None:
    """Cuts metrics.jsonl back to the lines up to `step`: what a resumed run will write again."""
    kept = [record for record in read_metrics(out) if record["step"] <= step]
    options = orjson.OPT_APPEND_NEWLINE
    (out / METRICS_NAME).write_bytes(b"".join(orjson.dumps(line, option=options) for line in kept))


def write_report(out: Path, report: Mapping[str, Any]) -> None:
    """report.json, the mark of a finished run."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (out / REPORT_NAME).write_bytes(orjson.dumps(dict(report), option=options))


def write_curve(out: Path, title: str) -> None:
    """loss.svg from metrics.jsonl."""
    records = read_metrics(out)
    curves = {
        name: [(record["step"], record[key]) for record in records if record.get(key) is not None]
        for name, key in (("training", "loss"), ("validation", "val_loss"))
    }
    (out / CURVE_NAME).write_text(loss_curve(title, curves["training"], curves["validation"]))


def loss_curve(title: str, training: Sequence[Point], validation: Sequence[Point]) -> str:
    """An SVG document: loss over optimizer steps, validation as marked points."""
    points = [*training, *validation]
    steps, losses = [step for step, _ in points], [loss for _, loss in points]
    x_ticks = ticks(min(steps, default=0), max(steps, default=1))
    y_ticks = ticks(min(losses, default=0), max(losses, default=1))

    def at(point: Point) -> tuple[float, float]:
        x = _scale(point[0], x_ticks, LEFT, WIDTH - RIGHT)
        return x, _scale(point[1], y_ticks, HEIGHT - BOTTOM, TOP)

    middle, low = (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>',
    ]
    for tick in y_ticks:
        y = at((0, tick))[1]
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for tick in x_ticks:
        x = at((tick, 0))[0]
        parts.append(
            f'<path d="M{x:.1f} {low}v5" stroke="#333"/>'
            f'<text x="{x:.1f}" y="{low + 19}" text-anchor="middle">{tick:g}</text>'
        )
    parts.append(f'<path d="M{LEFT} {TOP}V{low}H{WIDTH - RIGHT}" stroke="#333" fill="none"/>')
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">step</text>')
    parts.append(
        f'<text transform="translate(18 {(TOP + low) / 2}) rotate(-90)" '
        'text-anchor="middle">loss</text>'
    )
    parts.append(_line(map(at, training), TRAIN_COLOUR))
    parts.append(_line(map(at, validation), VALIDATION_COLOUR))
    parts += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{VALIDATION_COLOUR}"/>'
        for x, y in map(at, validation)
    ]
    legend = [("training", TRAIN_COLOUR)]
    legend += [("validation", VALIDATION_COLOUR)] if validation else []
    for number, (name, colour) in enumerate(legend):
        x = WIDTH - RIGHT - 100 * (len(legend) - number)
        parts.append(f'<path d="M{x} 20h20" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 26}" y="24">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers, evenly spaced, that enclose `low` to `high`.

    >>> ticks(2.31, 9.7)
    [2.0, 4.0, 6.0, 8.0, 10.0]
    """
    # Labels show six digits: a flat curve gets an axis on which they still differ.
    span = max(high - low, 1e-4 * max(1.0, abs(low), abs(high)))
    unit = 10.0 ** math.floor(math.log10(span / 4))
    step = unit * next(factor for factor in (1, 2, 2.5, 5, 10) if span / (unit * factor) <= 5)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _scale(value: float, marks: Sequence[float], start: float, stop: float) -> float:
    return start + (value - marks[0]) / (marks[-1] - marks[0]) * (stop - start)


def _line(points: Iterable[Point], colour: str) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
