"""The charts of the report page: inline SVG whose colours are those of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any, cast

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from agentdata.stats.report import Figures
from agentdata.stats.words import count, length, percent

CUT_OFFS = (4096, 8192, 16384, 32768, 65536, 131072)
"""The lengths of context that the page tells of, in tokens."""

WIDE, NARROW = 960, 400
"""Widths in CSS pixels: each chart is drawn for large screens and for small ones."""

# Matplotlib wants colours it knows; these stand for the ones that the style sheet names.
_COLOURS = {
    "#010101": "var(--text)",
    "#020202": "var(--muted)",
    "#030303": "var(--line)",
    "#040404": "var(--trained)",
    "#050505": "var(--untrained)",
    "#060606": "var(--rows)",
}
TEXT, MUTED, LINE, TRAINED, UNTRAINED, ROWS = _COLOURS

_PIXELS_PER_INCH = 72  # of SVG: what matplotlib calls a point is a pixel of the page
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 13,
    "text.parse_math": False,
    "text.color": TEXT,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
}


def lengths(figures: Figures, width: int) -> str:
    """Rows by their length in tokens, with the share that fits into each context."""
    # A row without tokens has no place on a logarithmic axis.
    bars = [b for b in figures.histogram if b.rows and b.upto]
    last = max((b.upto for b in bars), default=1)
    low = min((b.upto for b in bars), default=1) / 2
    high = max(last, CUT_OFFS[1]) * 1.5
    is_wide = width >= WIDE  # on small screens the shares stand in the table alone

    def draw(axes: Axes) -> None:
        axes.set_xscale("log", base=2)
        lefts = [max(b.above, 0.5) for b in bars]
        axes.bar(
            lefts,
            [b.rows for b in bars],
            [b.upto - left for b, left in zip(bars, lefts, strict=True)],
            align="edge",
            color=ROWS,
            edgecolor="none",
        )
        axes.set_xlim(low, high)
        axes.set_ylabel("rows")
        axes.set_xlabel("tokens per row")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count(int(value))))
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        for context in figures.contexts:
            if context.length not in CUT_OFFS or not low < context.length < high:
                continue
            axes.axvline(context.length, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                length(context.length) + (f"\n{percent(context.rows_share)}" if is_wide else ""),
                (context.length, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=12,
            )
        ticks = [1 << power for power in range(1, 25) if low <= 1 << power <= high]
        step = max(1, -(-len(ticks) // (12 if is_wide else 6)))
        axes.set_xticks(ticks[::-1][::step][::-1])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: length(int(value))))
        axes.minorticks_off()

    return _svg(draw, width, 300, f"lengths-{width}", "Rows by their length in tokens")


def kinds(figures: Figures, width: int) -> str:
    """Tokens by kind of text, trained and not trained."""
    rows = figures.kinds[::-1]
    most = max((kind.tokens for kind in rows), default=1)

    def draw(axes: Axes) -> None:
        names = [kind.kind for kind in rows]
        trained = [kind.trained_tokens for kind in rows]
        other = [kind.tokens - kind.trained_tokens for kind in rows]
        places = range(len(rows))
        axes.barh(places, trained, 0.66, color=TRAINED)
        axes.barh(places, other, 0.66, left=trained, color=UNTRAINED)
        for place, kind in zip(places, rows, strict=True):
            axes.annotate(
                percent(kind.share),
                (kind.tokens, place),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=12,
            )
        axes.set_yticks(places, names)
        axes.tick_params(axis="y", length=0, labelcolor=TEXT)
        axes.set_xlim(0, most * (1.12 if width >= WIDE else 1.25))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("tokens")
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(5 if width >= WIDE else 3, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(int(value))))

    height = 60 + 30 * len(rows)
    return _svg(draw, width, height, f"kinds-{width}", "Tokens by kind of text")


def _svg(draw: Any, width: int, height: int, name: str, label: str) -> str:
    """An `<svg>` element `width` pixels wide; `name` keeps its ids apart from those of others."""
    style = cast(Any, {**_STYLE, "svg.hashsalt": name, "svg.id": name})
    with rc_context(style):
        size = (width / _PIXELS_PER_INCH, height / _PIXELS_PER_INCH)
        figure = Figure(size, dpi=_PIXELS_PER_INCH, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        axes = figure.add_subplot()
        axes.patch.set_visible(False)
        draw(axes)
        file = StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing)
    return _inlined(file.getvalue(), label, _COLOURS)


def _inlined(document: str, label: str, colours: dict[str, str]) -> str:
    """The `<svg>` element of a document, as wide as its place, in the colours of the page."""
    element = document[document.index("<svg") :].strip()
    for known, name in colours.items():
        element = element.replace(known, name)
    head, _, body = element.partition(">")
    head = re.sub(r' (width|height|version)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{label}">{body}'


def drawn(draw: Any, figures: Figures) -> Sequence[tuple[str, str]]:
    """(class of the element, SVG) of a chart for large screens, and for small ones."""
    return [("wide", draw(figures, WIDE)), ("narrow", draw(figures, NARROW))]
