"""A report as one HTML page: nothing is loaded, and all of it reads without a script."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from collections.abc import Callable
from importlib import resources
from pathlib import PurePath
from typing import Any

import orjson
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from agentdata.errors import UsageError
from agentdata.stats import words
from agentdata.stats.report import Report

SOURCES_SHOWN = 1000
"""So many sources have a row of their own on the page; all of them are in the JSON."""

TOOLS_SHOWN = 10
"""So many tools are in a list of the page; the JSON names more."""

_NONE = "–"
_FORMS: dict[str, Callable[[Any], str]] = {
    "count": words.count,
    "short": words.short,
    "mean": words.mean,
    "percent": words.percent,
    "length": words.length,
}


def require_extra() -> None:
    """Raises UsageError `missing_extra` where the library that draws the charts is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            "missing_extra",
            "--html: needs the package matplotlib",
            remedy="pip install 'agentdata[report]'",
        )


def page(report: Report, title: str) -> str:
    """The HTML of a report.

    Every figure of it stands in `<data value="..." data-figure="POINTER">`: the value is that of
    the JSON report at this JSON pointer. Text from data is escaped, and a policy in the page keeps
    a browser from running any script but the page's own. Raises UsageError `missing_extra`.
    """
    require_extra()
    from agentdata.stats import charts

    values = orjson.loads(report.to_json())
    script = _asset("report.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_asset("report.html.jinja")).render(
        title=title,
        report=values,
        total=values["total"],
        sources=values["sources"][:SOURCES_SHOWN],
        names=_names([source["source"] for source in values["sources"][:SOURCES_SHOWN]]),
        more_sources=max(0, len(values["sources"]) - SOURCES_SHOWN),
        fig=_figure_of(values),
        contexts=[
            (place, context)
            for place, context in enumerate(values["total"]["contexts"])
            if context["length"] in charts.CUT_OFFS
        ],
        heads=("mean", "median", "90 %", "99 %", "max"),
        tools_shown=TOOLS_SHOWN,
        short_name=_short_name,
        charts={
            name: [(size, Markup(svg)) for size, svg in charts.drawn(draw, report.total)]
            for name, draw in (("lengths", charts.lengths), ("kinds", charts.kinds))
        },
        style=Markup(_asset("report.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _asset(name: str) -> str:
    return (resources.files("agentdata.assets") / name).read_text(encoding="utf-8")


def _figure_of(values: Any) -> Callable[..., Markup]:
    def figure(*path: str | int, form: str = "count") -> Markup:
        """The figure at a path of the report, with the JSON pointer that leads to it."""
        value = values
        for step in path:
            value = value[step]
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
        shown = _NONE if value is None else _FORMS[form](value)
        exact = orjson.dumps(value).decode()
        return Markup('<data value="{}" data-figure="{}">{}</data>').format(exact, pointer, shown)

    return figure


def _short_name(name: str) -> str:
    """The last part of a path or of a Hugging Face id."""
    return PurePath(name).name or name


def _names(sources: list[str]) -> list[Markup]:
    """The names of sources without the directories that all of them share, the whole as a title."""
    parents = [PurePath(source).parent.parts for source in sources]
    common = 0
    while parents and all(
        len(parts) > common and parts[common] == parents[0][common] for parts in parents
    ):
        common += 1
    return [
        Markup('<span title="{}">{}</span>').format(
            source, escape(str(PurePath(*PurePath(source).parts[common:])) or source)
        )
        for source in sources
    ]
