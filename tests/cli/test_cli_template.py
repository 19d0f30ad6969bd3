"""`agentdata compile --template`: the tokenizer's own chat template, a .jinja file, and faults."""

from __future__ import annotations

import io
import json
import pickle
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest
from tokenizers import Tokenizer

from agentdata.assets import tokenizer_dir
from agentdata.cli import main
from agentdata.house import open_house
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import Manifest

SAMPLE = Path(__file__).parents[2] / "agentdata/assets/sample"
# Thinks in the last round alone, greets the day, and reads two arguments.
OWN = """{%- set ns = namespace(asked=0) %}
{%- for m in messages %}{% if m.role == 'user' %}{% set ns.asked = loop.index0 %}{% endif %}{% endfor %}
{{- '<|im_start|>system\\n' + strftime_now('%d.%m.%Y') + ' ' + (mood or 'calm') }}
{%- if tools %}{{ '\\n' + tools | tojson }}{% endif %}{{ '<|im_end|>\\n' }}
{%- for m in messages %}
    {{- '<|im_start|>' + m.role + '\\n' }}
    {%- if m.role == 'assistant' and loop.index0 > ns.asked %}
        {{- '<think>' + (m.reasoning_content or '') + '</think>' }}
    {%- endif %}
    {{- m.content or '' }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function.name + ' ' + call.function.arguments | tojson + '</call>' }}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}
    {%- if think is defined and not think %}{{ '<think></think>' }}{% endif %}
{%- endif %}"""
ROW = {
    "messages": [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "reasoning_content": "two and two", "content": "Four."},
        {"role": "user", "content": "3+3?"},
        {"role": "assistant", "reasoning_content": "three twice", "content": "Six."},
    ]
}


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object) -> Done:
    """The command line, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["agentdata", *map(str, arguments)]),
        patch("signal.signal"),
        pytest.raises(SystemExit) as ended,
    ):
        main()
        sys.exit(0)
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Done(int(ended.value.code or 0), *texts)


@pytest.fixture()
def template(tmp_path: Path) -> Path:
    path = tmp_path / "own.jinja"
    path.write_text(OWN)
    return path


@pytest.fixture()
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROW) + "\n")
    return path


def compiled(out: Path, source: Path, **options: object) -> Manifest:
    values = {"tokenizer": str(tokenizer_dir()), "sources": [str(source)], **options}
    return compile_recipe(make_recipe(values), out)


def shard(out: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((out / "data").glob("*.parquet"))])


def texts(out: Path, tokenizer: Path | None = None) -> list[tuple[str, str, str]]:
    """(id, whole text, trained text) of every row."""
    backend = Tokenizer.from_file(str((tokenizer or tokenizer_dir()) / "tokenizer.json"))
    found = []
    for row in shard(out).iter_rows(named=True):
        trained = [
            token
            for token, label in zip(row["input_ids"], row["labels"], strict=True)
            if label >= 0
        ]
        found.append(
            (
                row["id"],
                backend.decode(row["input_ids"], skip_special_tokens=False),
                backend.decode(trained, skip_special_tokens=False),
            )
        )
    return found


def test_a_template_file_with_options(tmp_path: Path, template: Path, rows: Path) -> None:
    done = run(
        *("compile", rows, "--tokenizer", "bundled", "--template", template, "--out", "out"),
        *("--template-date", "2025-01-31", "--template-arg", "mood=merry", "--json"),
        *("--out", tmp_path / "out"),
    )
    assert done.returncode == 0, done.stderr
    (counts,) = json.loads(done.stdout)["sources"]
    assert (counts["read"], counts["written"], counts["split_off"]) == (1, 1, 1)
    assert counts["turns"] == {"split": 1, "stable": 1}
    first, second = texts(tmp_path / "out")
    system = "<|im_start|>system\n31.01.2025 merry<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n"
    assert first[1] == f"{system}<|im_start|>assistant\n<think>two and two</think>Four.<|im_end|>\n"
    assert first[2] == "<think>two and two</think>Four.<|im_end|>"
    assert second[1].startswith(f"{system}<|im_start|>assistant\nFour.<|im_end|>\n")
    assert second[2] == "<think>three twice</think>Six.<|im_end|>"
    assert second[0] == first[0] + "@1"


@pytest.mark.parametrize(
    ("unstable", "rows_written", "turns"),
    [
        ("split", 2, {"split": 1, "stable": 1}),
        ("keep", 1, {"kept": 1, "stable": 1}),
        ("reject", 0, {"rejected": 2}),
    ],
)
def test_unstable(
    tmp_path: Path,
    template: Path,
    rows: Path,
    unstable: str,
    rows_written: int,
    turns: dict[str, int],
) -> None:
    plain = tmp_path / "plain.jsonl"
    ask = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo."}]}
    plain.write_text(json.dumps(ask) + "\n")
    recipe = {"template": str(template), "sources": [str(rows), str(plain)], "unstable": unstable}
    manifest = compiled(tmp_path / "out", rows, **recipe)
    counts = manifest.sources[0]
    assert counts.turns == turns
    assert counts.read == 1 == counts.written + counts.rejected
    assert counts.written + counts.split_off == rows_written
    assert counts.rejects == ({"unstable_turn": 1} if unstable == "reject" else {})
    assert manifest.total().rows == rows_written + 1 == sum(s.rows for s in manifest.shards)


def test_what_a_template_adds_to_a_turn_is_trained_on_demand(
    tmp_path: Path, template: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    ask = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo."}]}
    rows.write_text(json.dumps(ask) + "\n")
    for option, trained in ((False, "Yo.<|im_end|>"), (True, "<think></think>Yo.<|im_end|>")):
        out = tmp_path / f"out{option}"
        compiled(out, rows, template=str(template), train_injected=option)
        assert [text for _, _, text in texts(out)] == [trained]


def test_the_bundled_sample_with_a_template_file_on_one_worker_and_two(
    tmp_path: Path, template: Path
) -> None:
    outs = [tmp_path / "1", tmp_path / "2"]
    for workers, out in enumerate(outs, 1):
        manifest = compiled(out, SAMPLE, template=str(template), workers=workers)
    for counts in manifest.sources:
        filtered = sum(counts.filtered.values())
        assert counts.read == counts.written + counts.rejected + filtered + counts.merged
        assert counts.written or "companion" in counts.formats
    assert manifest.total().rows == sum(c.written + c.split_off for c in manifest.sources)
    for path in (outs[0] / "data").iterdir():
        assert path.read_bytes() == (outs[1] / "data" / path.name).read_bytes()


def test_figures_of_raw_rows_are_those_of_a_compile(
    tmp_path: Path, template: Path, rows: Path
) -> None:
    raw = run("stats", rows, "--tokenizer", "bundled", "--template", template, "--json")
    compiled(tmp_path / "out", rows, template=str(template))
    done = run("stats", tmp_path / "out", "--json")
    assert raw.returncode == done.returncode == 0, raw.stderr
    mine, theirs = json.loads(raw.stdout), json.loads(done.stdout)
    assert mine["total"]["tokens"] == theirs["total"]["tokens"] > 0


LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
GROWS = "{% set ns = namespace(t='x') %}{% for a in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}"
TALK = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
# Only for many messages, or only where the model's turn is opened: no sample shows it.
LATER = "{% if messages | length > 30 %}" + LOOPS + "{% endif %}" + TALK
OPENED = TALK + "{% if add_generation_prompt and messages | length > 6 %}" + GROWS + "{% endif %}"


@pytest.mark.parametrize(
    ("source", "options", "code", "words"),
    [
        ("{{ no", [], 2, "own.jinja"),
        (LOOPS, [], 2, "more than 2000000 steps"),
        (GROWS, [], 2, "more than 64000000 characters"),
        ("{{ 'x' * 10 ** 9 }}", [], 2, "more than 64000000 characters"),
        ("{{ messages.__class__.__mro__ }}", [], 2, "own.jinja"),
        (LATER, ["--on-error", "raise"], 1, "more than 2000000 steps"),
        (OPENED, ["--on-error", "raise"], 1, "more than 64000000 characters"),
        (OWN, ["--agent-template", "react_en"], 2, "--agent-template react_en"),
        (OWN, ["--template-date", "today"], 2, "--template-date today"),
        (OWN, ["--template-arg", "mood"], 2, "--template-arg mood"),
        (OWN, ["--unstable", "maybe"], 2, "--unstable"),
        (OWN, ["--template", "auto", "--template-arg", "a=1"], 2, "--template-arg"),
        (OWN, ["--template", "auto", "--train-injected"], 2, "--train-injected"),
        (OWN, ["--template", "nowhere.jinja"], 2, "--template nowhere.jinja"),
    ],
)  # fmt: skip
def test_faults_are_one_clear_line(
    tmp_path: Path, source: str, options: list[str], code: int, words: str
) -> None:
    template, rows = tmp_path / "own.jinja", tmp_path / "rows.jsonl"
    template.write_text(source)
    rows.write_text(json.dumps({"messages": ROW["messages"] * 8}) + "\n")
    done = run(
        *("compile", rows, "--tokenizer", "bundled", "--template", template),
        *("--out", tmp_path / "out", *options),
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out/manifest.json").exists()


def test_rows_that_the_template_cannot_take_are_rejects(tmp_path: Path) -> None:
    template, rows = tmp_path / "own.jinja", tmp_path / "rows.jsonl"
    template.write_text(
        "{% for m in messages %}{% if m.content == 'no' %}{{ raise_exception('not so') }}{% endif %}"
        "<|im_start|>{{ m.role }}\n{{ m.content if m.content != 'hidden' }}<|im_end|>\n{% endfor %}"
    )
    said = ["yes", "no", "hidden"]
    rows.write_text(
        "".join(
            json.dumps(
                {
                    "messages": [
                        {"role": "user", "content": w},
                        {"role": "assistant", "content": "a"},
                    ]
                }
            )
            + "\n"
            for w in said
        )
    )
    (counts,) = compiled(tmp_path / "out", rows, template=str(template)).sources
    assert counts.written == 1
    assert counts.rejects == {"template_error": 1, "template_dropped_content": 1}


def test_a_house_with_a_chat_template_can_be_sent_to_workers(template: Path, rows: Path) -> None:
    values = {"tokenizer": "bundled", "sources": [str(rows)], "template": str(template)}
    house = open_house(make_recipe(values))
    sent = pickle.loads(pickle.dumps(house))
    assert sent.fingerprints() == house.fingerprints()
    other = open_house(make_recipe({**values, "template_date": "2020-02-02"}))
    assert other.fingerprints()["template"] != house.fingerprints()["template"]


def test_auto_is_chatml_where_the_tokenizer_has_no_template(tmp_path: Path, rows: Path) -> None:
    tables = []
    for name in ("auto", "chatml"):
        compiled(tmp_path / name, rows, template=name)
        tables.append(shard(tmp_path / name))
    assert tables[0].equals(tables[1])


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "bos", "turns"),
    [
        ("qwen3", "", {"split": 1, "stable": 1}),
        ("mistral-7b-v0.3-metaspace", "<s>", {"stable": 2}),
        ("deepseek-v3", "<｜begin▁of▁sentence｜>", {"stable": 2}),
    ],
)
def test_auto_is_the_tokenizers_own_template(
    shared: Path, tmp_path: Path, rows: Path, name: str, bos: str, turns: dict[str, int]
) -> None:
    from transformers import AutoTokenizer

    folder = shared / "tokenizers" / name
    if name != "qwen3":
        rows.write_text(rows.read_text().replace("reasoning_content", "note"))
    done = run("compile", rows, "--tokenizer", folder, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    (counts,) = json.loads(done.stdout)["sources"]
    assert counts["turns"] == turns
    theirs = AutoTokenizer.from_pretrained(str(folder))
    ids = theirs.apply_chat_template(ROW["messages"], tokenize=True, return_dict=True)["input_ids"]
    row = shard(tmp_path / "out").to_dicts()[-1]
    assert row["input_ids"] == ids
    if bos:
        assert row["input_ids"].count(theirs.convert_tokens_to_ids(bos)) == 1
    done = run(
        *("compile", rows, "--tokenizer", folder, "--out", tmp_path / "no"),
        *("--agent-template", "react_en"),
    )
    assert (done.returncode, "--agent-template react_en" in done.stderr) == (2, True)
