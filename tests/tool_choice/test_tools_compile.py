"""The options on tools in a compile: what they count, what they leave, and what they refuse."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tool_rows import TOOLS

from agentdata import ShardDataset
from agentdata.assets import sample_dir, tokenizer_dir
from agentdata.cli import main_group
from agentdata.conversation import Conversation
from agentdata.errors import UsageError
from agentdata.house import open_house
from agentdata.intake import plan_tasks, read_rows
from agentdata.pipeline import compile_recipe, measure
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import Manifest, SourceCounts
from agentdata.shards.tool_counts import ToolCounts
from agentdata.shards.verify import verify
from agentdata.stats import manifest_report
from agentdata.tokenization import load_tokenizer
from agentdata.tool_choice.needed import called
from agentdata.work import render_row

WHEN2CALL = sample_dir() / "when2call.jsonl"
TAU2 = "data/tau2-bench/sft-v1-small-openai/train_sft-v1-small.jsonl"
TOOLBENCH = "data/toolbench/answer/G3_answer"


def recipe(*sources: Path | str, **options: Any) -> Any:
    values = {"tokenizer": "bundled", "template": "qwen2_5", "sources": [*map(str, sources)]}
    return make_recipe(values | options)


def source(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(*calls: str, **fields: Any) -> dict[str, Any]:
    made = [{"function": {"name": name, "arguments": "{}"}, "type": "function"} for name in calls]
    return {
        "messages": [
            {"role": "user", "content": "A song, please."},
            {"role": "assistant", "content": "", "tool_calls": made},
            *[{"role": "tool", "content": "ok"} for _ in calls],
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"type": "function", "function": spec.raw} for spec in TOOLS],
    } | fields


def tools_of(counts: SourceCounts) -> ToolCounts:
    assert counts.tools is not None
    return counts.tools


def texts(directory: Path, split: str = "train") -> dict[str, str]:
    backend = load_tokenizer(tokenizer_dir()).backend
    return {
        r["id"]: backend.decode(r["input_ids"].tolist(), skip_special_tokens=False)
        for r in ShardDataset(directory, split)
    }


# Counts


def test_what_is_dropped_is_counted(tmp_path: Path) -> None:
    rows = [
        row("play_song", id="a"),
        row("play_song", "search", "get_tide", id="b"),
        row("nothing_of_that_name", id="c"),
        row("search", id="d", tools=[]),
        row("search", id="e", tools=row()["tools"][-1:]),
    ]
    manifest = compile_recipe(recipe(source(tmp_path, *rows), max_tools=2), tmp_path / "out")
    (counts,) = manifest.sources
    found = tools_of(counts)
    assert found.conversations == {"reduced": 3, "within_limits": 1, "no_tools": 1}
    assert found.notes == {"over_max_tools": 1, "calls_unoffered": 2}
    assert (found.tools_before, found.tools_after) == (19, 8)
    assert found.dropped.total() == 11
    assert set(found.dropped) <= {spec.name for spec in TOOLS}
    assert found.irrelevant == {}
    assert counts.tally.tools_per_row == {0: 1, 1: 1, 2: 2, 3: 1}
    # Counted as the template writes them, and as they stand in the rows.
    assert counts.tally.kinds["tools"] == found.section_after < found.section_before
    assert sum(n * rows for n, rows in counts.tally.tool_section.items()) == found.section_after


def test_rows_before_are_those_of_a_run_without(tmp_path: Path) -> None:
    path = source(tmp_path, *(row("play_song", id=str(number)) for number in range(3)))
    (without,) = measure(recipe(path))
    (limited,) = measure(recipe(path, max_tools=2))
    found = tools_of(limited)
    assert without.tools is None
    assert found.section_before == without.tally.kinds["tools"]
    saved = found.section_before - found.section_after
    assert without.tally.tokens - limited.tally.tokens == saved > 0


def test_rows_that_now_fit(tmp_path: Path) -> None:
    many = [
        {"name": f"tool_{n}", "description": "words " * 40, "parameters": {"type": "object"}}
        for n in range(400)
    ]
    path = source(tmp_path, row("tool_7", id="a", tools=many), row("search", id="b"))
    compile_recipe(recipe(path, max_length=8192, max_tools=8), tmp_path / "out")
    found = tools_of(measure(recipe(path, max_length=8192, max_tools=8))[0])
    assert (found.rows, found.over_context_before, found.over_context_after) == (2, 1, 0)
    (without,) = measure(recipe(path, max_length=8192))
    assert (without.written, without.filtered) == (1, {"too_long": 1})


def test_text_that_is_printed_as_written_is_left_and_counted() -> None:
    path = sample_dir() / "msagent.jsonl"
    (native,) = measure(recipe(path, template="modelscope_agent", max_tools=1))
    (own,) = measure(recipe(path, max_tools=1))
    assert set(tools_of(native).conversations) == {"as_written"}
    assert not tools_of(native).dropped
    assert tools_of(own).conversations["reduced"] > 0


def test_options_that_change_nothing_leave_the_same_bytes(tmp_path: Path) -> None:
    path = source(tmp_path, row("play_song", id="a"), row("search", id="b"))
    plain = compile_recipe(recipe(path), tmp_path / "plain")
    asked = compile_recipe(
        recipe(path, max_tools=50, compact_tools=True, augment_irrelevant=1.0), tmp_path / "asked"
    )
    assert [s.sha256 for s in plain.shards] == [s.sha256 for s in asked.shards]
    assert tools_of(asked.sources[0]).conversations == {"within_limits": 2}


def test_counts_of_files_add_up() -> None:
    one = ToolCounts(rows=1, section_before=9, dropped=Counter(a=1), notes=Counter(emptied=1))
    total = ToolCounts()
    for _ in range(3):
        total.add(one)
    assert total == ToolCounts(
        rows=3, section_before=27, dropped=Counter(a=3), notes=Counter(emptied=3)
    )


def test_names_of_dropped_tools_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from agentdata.shards import tool_counts

    monkeypatch.setattr(tool_counts, "MAX_DROPPED_NAMES", 2)
    counts = ToolCounts()
    for name in "abcab":
        counts.drop(name)
    assert (counts.dropped, counts.other_dropped) == ({"a": 2, "b": 2}, 1)
    counts.add(ToolCounts(dropped=Counter(c=5)))
    assert (counts.dropped, counts.other_dropped) == ({"c": 5, "a": 2}, 3)


# The same whatever the workers


def test_bytes_do_not_depend_on_workers(tmp_path: Path) -> None:
    paths = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(
            source(folder, *(row("play_song", answer_without_tool="No.") for _ in range(9)))
        )
    options = {"tools_budget": 300, "distractors": "bm25", "compact_tools": True}
    made = [
        compile_recipe(
            recipe(*paths, augment_irrelevant=0.5, workers=workers, **options),
            tmp_path / f"out{workers}",
        )
        for workers in (1, 2)
    ]
    assert made[0].to_json() == made[1].to_json()


def test_the_seed_draws_anew(tmp_path: Path) -> None:
    path = source(tmp_path, *(row("play_song", id=str(number)) for number in range(8)))
    one, same, other = (
        compile_recipe(recipe(path, max_tools=3, seed=seed), tmp_path / name)
        for name, seed in (("one", 1), ("same", 1), ("other", 2))
    )
    assert one.shards == same.shards != other.shards


# Rows without the needed tool


def test_rows_are_added_only_with_an_answer_of_the_data(tmp_path: Path) -> None:
    out = tmp_path / "out"
    manifest = compile_recipe(recipe(WHEN2CALL, augment_irrelevant=1.0), out)
    (counts,) = manifest.sources
    assert (counts.read, counts.written, counts.augmented, counts.split_off) == (3, 3, 1, 0)
    assert tools_of(counts).irrelevant == {"possible": 1, "drawn": 1, "written": 1}
    assert verify(out).is_whole
    text = texts(out)["w2c-0!irrelevant"]
    assert "get_tide_times" not in text
    assert "get_ferry_plan" in text
    assert text.endswith("I'm sorry, but I have no way to look up tides.<|im_end|>\n")


def test_any_list_of_messages_may_carry_the_answer(tmp_path: Path) -> None:
    rows = [
        row("play_song", id="a", answer_without_tool="I can't play songs."),
        row("search", id="b"),
    ]
    out = tmp_path / "out"
    options = {"augment_irrelevant": 1.0, "max_tools": 2}
    (counts,) = compile_recipe(recipe(source(tmp_path, *rows), **options), out).sources
    assert tools_of(counts).irrelevant == {"possible": 1, "drawn": 1, "written": 1, "no_answer": 1}
    made = texts(out)["a!irrelevant"]
    assert "I can't play songs." in made
    assert sum(spec.name in made for spec in TOOLS) == 2
    assert "play_song" not in made


def test_it_stays_in_the_split_of_its_row(tmp_path: Path) -> None:
    rows = [row("search", answer_without_tool="No.", id=f"row-{number}") for number in range(40)]
    out = tmp_path / "out"
    compile_recipe(
        recipe(source(tmp_path, *rows), augment_irrelevant=1.0, split={"validation": 0.5}), out
    )
    for split in ("train", "validation"):
        ids = set(texts(out, split))
        assert 5 < len(ids) < 75
        assert {i.removesuffix("!irrelevant") for i in ids} == {i for i in ids if "!" not in i}


def test_the_share_is_drawn_by_row(tmp_path: Path) -> None:
    rows = [row("search", answer_without_tool="No.", id=f"row-{number}") for number in range(200)]
    path = source(tmp_path, *rows)
    few, many = (measure(recipe(path, augment_irrelevant=share))[0] for share in (0.3, 0.6))
    assert 40 < few.augmented < 80 < many.augmented < 160
    assert few.augmented == tools_of(few).irrelevant["written"]


@pytest.mark.parametrize(
    "options",
    [{"max_length": 100}, {"pack": 4000}, {"max_length": 400, "overflow": "split"}],
    ids=str,
)
def test_rows_still_add_up(tmp_path: Path, options: dict[str, Any]) -> None:
    rows = [row("search", answer_without_tool="No.", id=f"row-{number}") for number in range(7)]
    out = tmp_path / "out"
    manifest = compile_recipe(
        recipe(source(tmp_path, *rows), augment_irrelevant=1.0, **options), out
    )
    (counts,) = manifest.sources
    filtered = sum(counts.filtered.values())
    assert counts.read == 7 == counts.written + counts.rejected + filtered + counts.merged
    assert min(counts.written, counts.split_off, counts.augmented, counts.merged) >= 0
    in_shards = sum(shard.rows for shard in manifest.shards)
    assert in_shards == counts.written + counts.split_off + counts.augmented
    assert verify(out).is_whole
    made = tools_of(counts).irrelevant
    assert made["drawn"] == 7 == made["written"] + made["not_written"]


# The command


def run(*args: object) -> Any:
    return CliRunner().invoke(
        main_group, [str(arg) for arg in args], standalone_mode=False, catch_exceptions=False
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--max-tools", "0"], "--max-tools: input should be greater than 0"),
        (["--tools-budget", "-5"], "--tools-budget: input should be greater than 0"),
        (["--max-tools", "8", "--distractors", "best"], "--distractors: input should be 'random'"),
        (["--distractors", "bm25"], "--distractors bm25: no tool is dropped"),
        (["--augment-irrelevant", "2"], "--augment-irrelevant: input should be less than or equal"),
        (
            ["--seed", "-1", "--max-tools", "2"],
            "--seed: input should be greater than or equal to 0",
        ),
    ],
)
def test_bad_options_are_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        run("compile", WHEN2CALL, "--tokenizer", "bundled", "--out", tmp_path / "out", *options)
    assert str(caught.value).startswith(said)
    assert caught.value.remedy


def test_the_summary_tells(tmp_path: Path) -> None:
    path = source(tmp_path, *(row("play_song", id=str(number)) for number in range(3)))
    options = ("--max-tools", 2, "--augment-irrelevant", 1, "--tokenizer", "bundled")
    told = run("compile", path, "--out", tmp_path / "out", *options).stdout
    assert "tools: 18 to 6 offers, tool sections " in told
    assert "tools of conversations: reduced 3" in told
    assert "rows over 8192 tokens: 0 to 0 of 3" in told
    assert "dropped most often: " in told
    assert "rows without the needed tool: no_answer 3" in told
    assert "no row carries an answer for the case that its tool is missing" in told
    assert (
        "tools:"
        not in run("compile", path, "--out", tmp_path / "plain", "--tokenizer", "bundled").stdout
    )
    shown = run("stats", tmp_path / "out").stdout
    assert "Tools before and after" in shown
    assert "tools on offer 18 6" in " ".join(shown.split())


def test_show_tells_of_the_tools_that_stay(tmp_path: Path) -> None:
    path = source(tmp_path, row("play_song", id="a", answer_without_tool="No."))
    whole = run("show", path, "--tokenizer", "bundled", "--template", "qwen2_5", "--json").stdout
    few, more = (
        run(
            *("show", path, "--tokenizer", "bundled", "--template", "qwen2_5", "--json"),
            *("--max-tools", 1, *options),
        ).stdout
        for options in ((), ("--augment-irrelevant", 1))
    )
    assert len(few) < len(whole)
    assert "a!irrelevant" not in few
    assert "a!irrelevant" in more
    compile_recipe(recipe(path, augment_irrelevant=1.0), tmp_path / "out")
    seen = run("show", tmp_path / "out", "--id", "a!irrelevant").stdout
    assert "rows.jsonl:1)" in seen
    assert "no longer gives" not in seen


# Real rows


def served(path: Path, **options: Any) -> Iterator[tuple[Conversation, Conversation]]:
    """Conversations before and after, for each row of a file."""
    made = recipe(path, **options)
    house = open_house(made)
    for task in plan_tasks(made.sources):
        for raw in read_rows(task):
            ready = render_row(raw, task, house)
            yield ready.given, ready.conversation


@pytest.mark.parity
@pytest.mark.parametrize("distractors", ["random", "bm25", "none"])
def test_real_rows_keep_what_they_call(shared: Path, distractors: str) -> None:
    reduced = 0
    for before, after in served(shared / TAU2, max_tools=8, distractors=distractors):
        names = {spec.name for spec in after.tools}
        wanted = called(before)
        assert wanted & {spec.name for spec in before.tools} <= names
        assert after.messages == before.messages
        assert all(spec in before.tools for spec in after.tools)
        assert len(names) == len(after.tools) <= max(8, len(wanted) + 1)
        reduced += len(after.tools) < len(before.tools)
    assert reduced == 37


@pytest.mark.parity
def test_real_rows_in_the_tokenizer_of_a_model(shared: Path, tmp_path: Path) -> None:
    def compiled(name: str, **options: Any) -> Manifest:
        made = recipe(
            *(shared / TAU2, shared / TOOLBENCH),
            tokenizer=str(shared / "tokenizers" / "qwen3"),
            **options,
        )
        return compile_recipe(made, tmp_path / name)

    plain, few = compiled("plain"), compiled("few", max_tools=8)
    report = manifest_report(few).total
    change, whole = report.tools, manifest_report(plain).total
    assert change is not None
    tools_before = sum(n * rows for n, rows in plain.total().tools_per_row.items())
    assert (change.offers_before, change.rows) == (tools_before, whole.rows)
    # What was saved is what the rows are shorter by, to the token.
    assert change.tokens_before - change.tokens_after == whole.tokens - report.tokens
    assert change.saved_share > 0.4
    over = {c.length: whole.rows - c.rows for c in whole.contexts}
    assert change.over_context_before == over[8192]
    assert change.over_context_after == report.rows - next(
        c.rows for c in report.contexts if c.length == 8192
    )
    assert change.over_context_after < change.over_context_before
    assert verify(tmp_path / "few").is_whole


@pytest.mark.parity
def test_budgets_hold_on_real_rows(shared: Path) -> None:
    (counts,) = measure(recipe(shared / TAU2, tools_budget=1200, compact_tools=True))
    found = tools_of(counts)
    assert found.conversations == {"reduced": 37}
    over = sum(rows for tokens, rows in counts.tally.tool_section.items() if tokens > 1200)
    assert over == found.notes["over_budget"] < 37


@pytest.mark.parity
def test_no_real_source_carries_an_answer_for_a_missing_tool(shared: Path) -> None:
    """Then none is made up."""
    for name in (TAU2, "data/bfcl-v4/BFCL_v4_multi_turn_miss_func.json", TOOLBENCH):
        for counts in measure(recipe(shared / name, augment_irrelevant=1.0)):
            assert counts.augmented == 0
            assert set(tools_of(counts).irrelevant) <= {"no_answer"}
