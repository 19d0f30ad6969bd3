"""`agentdata show`: the tokens of a row, how much each is trained, and why."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from agentdata.cli._options import ROW_OPTIONS, given
from agentdata.cli.compile_ import command as compile_command
from agentdata.errors import AgentDataError, UsageError
from agentdata.recipe import Recipe, load_recipe, make_recipe
from agentdata.shards.manifest import MANIFEST_NAME
from agentdata.show.columns import Sides, side_by_side
from agentdata.show.compiled import CompiledRows
from agentdata.show.data import as_data, sides_as_data
from agentdata.show.other import (
    changed,
    compiled_sides,
    directory_sides,
    is_directory,
    raw_sides,
)
from agentdata.show.page import page
from agentdata.show.rows import RawRows
from agentdata.show.terminal import PIPED_WIDTH, render
from agentdata.show.view import Seen

BUNDLED = "bundled"


@click.command("show")
@click.argument("sources", metavar="DIR|SOURCE...", nargs=-1)
@click.option("--row", type=click.IntRange(min=0), help="Number of the row, from 0 (default).")
@click.option("--id", "id_", help="Id of the row.")
@click.option(
    "--worst",
    type=click.Choice(["loss", "straddle", "long"]),
    help="The row with the least share of trained tokens, the most tokens over several weights, "
    "or the most tokens.",
)
@click.option("--rows", type=click.IntRange(min=1), help="Rows to show; 1, or 20 with --html.")
@click.option("--explain", is_flag=True, help="What set each weight, run by run.")
@click.option(
    "--diff",
    multiple=True,
    metavar="OTHER",
    help="Side by side with the same row in another DIR, or by OPTION=VALUE (loss_scale=react); "
    "repeatable.",
)
@click.option("--recipe", "recipe_file", type=click.Path(), help="YAML file with these options.")
@click.option("--split", help="Split of DIR (default train).")
@click.option("--no-pager", is_flag=True, help="Print at once, even if it is long.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page with these rows; it needs no network.",
)
@click.option("--json", "as_json", is_flag=True, help="Print tokens and runs as JSON.")
def command(
    sources: tuple[str, ...],
    row: int | None,
    id_: str | None,
    worst: Any,
    rows: int | None,
    explain: bool,
    diff: tuple[str, ...],
    recipe_file: str | None,
    split: str | None,
    no_pager: bool,
    html: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show the tokens of a row, each coloured by its loss weight.

    DIR is a directory that `agentdata compile` wrote. Anything else is raw SOURCEs, shown as
    `compile` would write them. Dim text is not trained, plain text is (weight 1), warm colours
    are trained more, cool ones less. Where there are no colours, weights stand in the margin.
    Options that say what becomes of a row are those of `compile`; the default tokenizer is the
    bundled one, or the one that DIR was compiled with.

    \b
    Example:
      agentdata show raw.jsonl --tokenizer ./qwen2.5 --template qwen2_5 --loss-scale hermes
      agentdata show shards --worst loss --explain
      agentdata show raw.jsonl --tokenizer ./qwen2.5 --diff loss_scale=react
      agentdata show shards --rows 50 --html page.html
    """
    if sum(choice is not None for choice in (row, id_, worst)) > 1:
        raise UsageError(
            "bad_option", "--row, --id and --worst exclude each other", remedy="give one of them"
        )
    if diff and (html or explain):
        raise UsageError(
            "bad_option", "--diff goes without --html and --explain", remedy="drop one"
        )
    told = given(options)
    count = rows or (20 if html else 1)
    directory = _directory(sources)
    sides: list[Sides] = []
    if directory is not None:
        _only_tokenizer(told, recipe_file, directory)
        compiled = CompiledRows(directory, split=split, tokenizer=told.get("tokenizer"))
        if worst is not None:
            seen = compiled.worst(worst, count)
        else:
            seen = compiled.by_id(id_) if id_ else compiled.from_number(row or 0, count)
        if diff and not is_directory(diff):
            sides = compiled_sides(seen, compiled.other(lambda recipe: changed(recipe, diff)))
    else:
        if split is not None:
            raise UsageError("bad_option", "--split: raw sources have none", remedy="leave it out")
        raw = RawRows(_recipe(sources, recipe_file, told))
        if worst is not None:
            found = raw.worst(worst, count)
        else:
            found = [raw.by_id(id_)] if id_ else raw.from_number(row or 0, count)
        seen = [view for each in found for view in raw.seen(each)]
        if diff and not is_directory(diff):
            sides = raw_sides(raw, found, RawRows(changed(raw.house.recipe, diff)))
    if diff and is_directory(diff):
        sides = directory_sides(seen, CompiledRows(Path(diff[0]), split=split))
    if as_json:
        data = sides_as_data(sides) if diff else as_data(seen)
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    elif html is not None:
        _write_page(html, seen, title=" ".join(sources) or str(recipe_file))
    elif diff:
        names = "as given", " ".join(diff)
        _print(no_pager, lambda **look: side_by_side(sides, names, **look))
    else:
        _print(no_pager, lambda **look: render(seen, explain=explain, **look))


command.params += [option for option in compile_command.params if option.name in ROW_OPTIONS]


def _write_page(path: Path, seen: list[Seen], title: str) -> None:
    made = page(seen, title)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made.html, encoding="utf-8")
    except OSError as error:
        raise AgentDataError(
            "unwritable", f"--html {path}: cannot be written: {error.strerror}"
        ) from None
    left = len(seen) - made.rows
    click.echo(
        f"{made.rows} rows in {path}" + (f"; {left} more would be too large" if left else "")
    )


def _directory(sources: tuple[str, ...]) -> Path | None:
    """The compiled directory among the sources; None where all are raw."""
    finished = [source for source in sources if (Path(source) / MANIFEST_NAME).is_file()]
    if finished and len(sources) > 1:
        raise UsageError(
            "mixed_sources",
            f"{finished[0]} is a compiled directory and cannot be shown with other sources",
            remedy="give it alone",
        )
    return Path(finished[0]) if finished else None


def _only_tokenizer(told: dict[str, Any], recipe_file: str | None, directory: Path) -> None:
    names = [*(name for name in told if name != "tokenizer"), *(["recipe"] if recipe_file else [])]
    if names:
        option = "--" + names[0].replace("_", "-")
        raise UsageError(
            "option_without_effect",
            f"{option} has no effect on {directory}, which is compiled already",
            remedy="name the raw sources, or compare with --diff",
        )


def _recipe(sources: tuple[str, ...], recipe_file: str | None, told: dict[str, Any]) -> Recipe:
    values = (load_recipe(recipe_file) if recipe_file else {}) | told
    if sources:
        values["sources"] = list(sources)
    if not values.get("sources"):
        raise UsageError(
            "bad_option", "DIR|SOURCE...: nothing to show", remedy="name files, or a compiled DIR"
        )
    if not values.get("tokenizer"):
        values["tokenizer"] = BUNDLED
        click.echo("tokens are those of the bundled tokenizer: name yours by --tokenizer", err=True)
    return make_recipe(values)


def _print(no_pager: bool, lines: Callable[..., Iterator[str]]) -> None:
    console = Console()
    colours = console.color_system is not None
    width = console.width if console.is_terminal else PIPED_WIDTH
    text = (line + "\n" for line in lines(colours=colours, width=width))
    if console.is_terminal and not no_pager:
        # What fits the screen is printed, more is paged; colours pass through.
        os.environ.setdefault("LESS", "-FRX")
        click.echo_via_pager(text, color=colours)
        return
    for line in text:
        click.echo(line, nl=False, color=colours)
