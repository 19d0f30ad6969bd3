"""Files to raw rows: what is found, how it is cut, and what becomes of bad rows."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentdata.errors import AgentDataError, UsageError
from agentdata.sources import BadRow, RawRow, WorkUnit, expand, plan, read_unit


def rows(path: Path, unit_bytes: int = 8 << 20, **options: Any) -> list[RawRow | BadRow]:
    return [row for unit in plan([path], unit_bytes) for row in read_unit(unit, **options)]


def put(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# Finding files


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.jsonl", "a.json", "deep/c.JSONL.GZ", "deep/er/d.parquet", "e.json.zst"):
        put(tmp_path / "in" / name, b"")
    for name in ("notes.md", ".hidden.jsonl", ".cache/x.jsonl", "f.csv"):
        put(tmp_path / "in" / name, b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["in/b.jsonl"], ["in/b.jsonl"]),
        (
            ["in"],
            [
                "in/a.json",
                "in/b.jsonl",
                "in/deep/c.JSONL.GZ",
                "in/deep/er/d.parquet",
                "in/e.json.zst",
            ],
        ),
        (["in/*.json*"], ["in/a.json", "in/b.jsonl", "in/e.json.zst"]),
        (["in/**/*.parquet"], ["in/deep/er/d.parquet"]),
        (["in/dee?"], ["in/deep/c.JSONL.GZ", "in/deep/er/d.parquet"]),
        (["in/e.json.zst", "in/a.json", "in/e.json.zst"], ["in/e.json.zst", "in/a.json"]),
        (["in/.hidden.jsonl"], ["in/.hidden.jsonl"]),
    ],
)
def test_expand(tree: Path, sources: list[str], expected: list[str]) -> None:
    assert [path.as_posix() for path in expand(sources)] == expected


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    try:
        put(Path(os.fsdecode(bytes(tmp_path) + b"/a\xff.jsonl")), b"{}")
    except OSError:
        pytest.skip("this file system takes no such names")
    with pytest.raises(UsageError) as caught:
        expand([str(tmp_path)])
    assert caught.value.code == "bad_file_name"
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("missing.jsonl", "source_not_found"),
        ("in/*.xml", "source_not_found"),
        ("in/*.csv", "source_not_found"),
        ("in/.cache/none", "source_not_found"),
        ("in/notes.md", "unknown_ending"),
    ],
)
def test_expand_says_what_is_wrong_with_a_source(tree: Path, source: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        expand(["in/a.json", source])
    assert caught.value.code == code
    assert source in str(caught.value)


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a[1].jsonl", "{}")
    assert expand([str(path)]) == [path]


# Cutting


@given(
    sizes=st.lists(st.integers(0, 60), max_size=30),
    unit_bytes=st.integers(1, 200),
    ends=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_cut_gives_every_line_once_with_its_number(
    tmp_path: Path, sizes: list[int], unit_bytes: int, ends: bytes, last: bool
) -> None:
    lines = [b"" if size == 0 else json.dumps({"k": "x" * size}).encode() for size in sizes]
    path = put(tmp_path / "a.jsonl", ends.join(lines) + (ends if last else b""))
    expected = [(n, len(line) - 9) for n, line in enumerate(lines, 1) if line]
    assert [(r.line, len(r.value["k"])) for r in rows(path, unit_bytes)] == expected  # type: ignore[union-attr]
    units = list(plan([path], unit_bytes))
    assert [unit.start for unit in units[1:]] == [unit.end for unit in units[:-1]]
    assert sum(unit.end - unit.start for unit in units) == path.stat().st_size
    starts = [0]
    for line in path.read_bytes().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for unit in units[:-1]:
        assert unit.end == min(s for s in starts if s >= unit.start + unit_bytes)


def test_units_cross_process_borders() -> None:
    unit = WorkUnit(Path("a.jsonl"), "lines", 1, 2, 3)
    assert pickle.loads(pickle.dumps(unit)) == unit


@pytest.mark.parametrize(("unit_bytes", "units"), [(1, 7), (1 << 30, 1)])
def test_parquet_is_cut_between_row_groups(tmp_path: Path, unit_bytes: int, units: int) -> None:
    path = tmp_path / "a.parquet"
    values = [{"i": i, "nested": [{"x": str(i)}], "none": None} for i in range(25)]
    pq.write_table(pa.Table.from_pylist(values), path, row_group_size=4)
    read = rows(path, unit_bytes)
    assert [(row.line, row.value) for row in read] == list(enumerate(values, 1))  # type: ignore[union-attr]
    assert len(list(plan([path], unit_bytes))) == units


# Reading

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": partial(gzip.compress, mtime=0),
    ".zst": zstandard.compress,
}
DOCUMENTS = {
    ".jsonl": b'\xef\xbb\xbf{"a": 1}\n\n  \r\n{"a": 2}\r\n{"a": 3}',
    ".json": b'{"a": 1}\n\n\n{"a": 2}\n{"a": 3}\n',
}


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("ending", DOCUMENTS)
def test_lines_are_read_from_any_packing(tmp_path: Path, ending: str, packing: str) -> None:
    path = put(tmp_path / f"a{ending}{packing}", PACKERS[packing](DOCUMENTS[ending]))
    assert rows(path) == [RawRow({"a": 1}, 1), RawRow({"a": 2}, 4), RawRow({"a": 3}, 5)]


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_packed_streams_behind_each_other_are_all_read(tmp_path: Path, packing: str) -> None:
    pack = PACKERS[packing]
    path = put(tmp_path / f"a.jsonl{packing}", pack(b'{"a": 1}\n') + pack(b'{"a": 2}\n'))
    assert [row.line for row in rows(path)] == [1, 2]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('[{"a": 1}, {"a": 2}]', [RawRow({"a": 1}, 1, "/0"), RawRow({"a": 2}, 2, "/1")]),
        ("[]", []),
        ("  \n", []),
        ('{"x": 1}', [RawRow({"x": 1}, 1)]),
        ('{\n "x": 1\n}\n', [RawRow({"x": 1}, 1)]),
        ('{"info": [1], "data": [{"a": 1}]}', [RawRow({"a": 1}, 1, "/data/0")]),
        ('{"a/b~": [{"a": 1}]}', [RawRow({"a": 1}, 1, "/a~1b~0/0")]),
        (
            '{"data": [{"n": 1}], "x": [{"messages": [{"role": "user", "content": "q"}]}]}',
            [RawRow({"messages": [{"role": "user", "content": "q"}]}, 1, "/x/0")],
        ),
        (
            '{"messages": [{"role": "user", "content": "q"}]}',
            [RawRow({"messages": [{"role": "user", "content": "q"}]}, 1)],
        ),
    ],
)
def test_rows_of_a_json_document(tmp_path: Path, document: str, expected: list[RawRow]) -> None:
    assert rows(put(tmp_path / "a.json", document)) == expected


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"a": ', "bad_json"),
        (b"{'a': 1}", "bad_json"),
        (b'{"a": 1} {"a": 2}', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"a": "\xff"}', "bad_encoding"),
        (b'{"a": "\\ud800"}', "bad_unicode"),
        (b'{"\\udfff": 1}', "bad_unicode"),
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b'{"a": "' + b"x" * 5000 + b'"}', "line_too_long"),
    ],
)
def test_a_bad_line_is_one_bad_row(tmp_path: Path, line: bytes, code: str) -> None:
    path = put(tmp_path / "a.jsonl", b'{"good": 1}\n' + line + b'\n{"good": 2}')
    limit = 4000 if code == "line_too_long" else 1 << 20
    first, bad, last = rows(path, max_line_bytes=limit)
    assert (first, last) == (RawRow({"good": 1}, 1), RawRow({"good": 2}, 3))
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.code) == (2, code)
    assert len(bad.raw) <= 2000
    assert line.decode(errors="replace").startswith(bad.raw)
    bad.raw.encode()


@pytest.mark.parametrize(
    ("element", "code"), [("3", "not_an_object"), ('{"a": "\\ud83d"}', "bad_unicode")]
)
def test_a_bad_element_of_an_array_is_one_bad_row(tmp_path: Path, element: str, code: str) -> None:
    first, bad, last = rows(put(tmp_path / "a.json", f'[{{"a": 1}}, {element}, {{"a": 3}}]'))
    assert (first, last) == (RawRow({"a": 1}, 1, "/0"), RawRow({"a": 3}, 3, "/2"))
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.code, bad.pointer) == (2, code, "/1")
    bad.raw.encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18446744073709551616", 18446744073709551616),
        ("-9223372036854775809", -9223372036854775809),
        ("[0.0035475000000000003, 1]", [0.0035475000000000003, 1]),
        ("[0.0035475000000000003, 9223372036854775808000]", [0.0035475000000000003, 2**63 * 1000]),
        ("1e400", float("inf")),
        ("-Infinity", float("-inf")),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_values_that_fast_parsers_change_or_refuse_are_kept(
    tmp_path: Path, text: str, value: Any
) -> None:
    assert rows(put(tmp_path / "a.jsonl", f'{{"v": {text}}}')) == [RawRow({"v": value}, 1)]


def test_nan_is_read(tmp_path: Path) -> None:
    (row,) = rows(put(tmp_path / "a.jsonl", '{"v": NaN}'))
    assert isinstance(row, RawRow)
    assert row.value["v"] != row.value["v"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 9999, mtime=0)[:-20], "bad_compression"),
        ("a.jsonl.gz", b'{"a": 1}', "bad_compression"),
        ("a.jsonl.gz", gzip.compress(b'{"a": 1}\n', mtime=0) + b"tail", "bad_compression"),
        ("a.jsonl.zst", zstandard.compress(b'{"a": 1}\n' * 9999)[:-9], "bad_compression"),
        ("a.jsonl.zst", b'{"a": 1}', "bad_compression"),
        ("a.json.gz", gzip.compress(b'[{"a": 1}]', mtime=0)[:-4], "bad_compression"),
        ("a.json", b'{"a": 1,\n"b": ]', "bad_json"),
        ("a.json", b'{"a": "\xff"}', "bad_encoding"),
        ("a.parquet", b"PAR1 no", "bad_parquet"),
    ],
)
def test_a_damaged_file_is_one_clear_error(
    tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    path = put(tmp_path / name, data)
    with pytest.raises(AgentDataError) as caught:
        rows(path)
    assert caught.value.code == code
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (b'[{"a": 1}, {"a": }, {"a": 2}]', [1, "bad_json", 2]),
        (b'[{"a": 1}, {"a": "\xff"}]', [1, "bad_encoding"]),
        (b'[{"a": 1},\n{"a": ]', [1, "bad_json"]),
        (b'[{"a": 1}, {"a": 2}', [1, "bad_json"]),
        (b'[{"a": 1},', [1, "bad_json"]),
        (b'[{"a": 1},]', [1, "bad_json"]),
        (b'[{"a": 1},, {"a": 2}]', [1, "bad_json", 2]),
        (b'[{"a": 1}] {"a": 2}', [1, "bad_json"]),
        (b'\xef\xbb\xbf [{"a": 1}]\n', [1]),
        (b'[{"a": 1, "b": "]\\"}, {"}]', [1]),
        (b"[ \n]", []),
        (b"[", ["bad_json"]),
    ],
)
@pytest.mark.parametrize("unit_bytes", [1, 8 << 20])
def test_a_fault_in_an_array_costs_its_element_alone(
    tmp_path: Path, array: bytes, expected: list[int | str], unit_bytes: int
) -> None:
    found = rows(put(tmp_path / "a.json", array), unit_bytes)
    assert [row.code if isinstance(row, BadRow) else row.value["a"] for row in found] == expected
    assert [row.line for row in found] == list(range(1, len(expected) + 1))


def test_a_fault_in_a_long_array_costs_its_element_alone(tmp_path: Path) -> None:
    elements = [f'{{"a": {n}, "b": "{"x" * 1000}"}}' for n in range(3000)]
    elements[1000] = '{"a": }'
    found = rows(put(tmp_path / "a.json", f"[{', '.join(elements)}]"))
    assert [row.line for row in found] == list(range(1, 3001))
    assert [row.line for row in found if isinstance(row, BadRow)] == [1001]


JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
)


@given(values=st.lists(st.dictionaries(st.text(), JSON)), cut=st.integers(1, 99), data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cut_gives_every_element_of_an_array_once(
    tmp_path: Path, values: list[dict[str, Any]], cut: int, data: st.DataObject
) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=data.draw(st.sampled_from([None, 1])))
    path = put(tmp_path / "a.json", text)
    with pytest.MonkeyPatch.context() as patch:
        # Strings and escapes fall across the blocks that are read.
        patch.setattr("agentdata.sources.arrays._BLOCK_BYTES", data.draw(st.integers(3, 40)))
        found = rows(path, cut)
    expected = [RawRow(v, n + 1, f"/{n}") for n, v in enumerate(values)]
    assert found == expected


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.parquet", "a.jsonl.gz", "a.jsonl.zst"])
def test_a_file_that_went_away_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(AgentDataError) as caught:
        rows(tmp_path / name)
    assert caught.value.code == "unreadable_source"
    assert name in str(caught.value)


@pytest.mark.parametrize("packing", PACKERS)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, packing: str) -> None:
    line = json.dumps({"text": "x" * 1000}).encode() + b"\n"
    path = put(tmp_path / f"a.jsonl{packing}", PACKERS[packing](line * 30_000))
    tracemalloc.start()
    count = sum(1 for unit in plan([path]) for _ in read_unit(unit))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 6_000_000


def test_memory_does_not_grow_with_an_array(tmp_path: Path) -> None:
    element = json.dumps({"text": "x" * 1000}).encode()
    path = put(tmp_path / "a.json", b"[" + b",\n".join([element] * 30_000) + b"]")
    tracemalloc.start()
    count = sum(1 for unit in plan([path], 1 << 18) for _ in read_unit(unit))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 8_000_000


def test_an_element_past_the_limit_is_never_held_whole(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", b'[{"a": "' + b"x" * 12_000_000 + b'"}, {"a": 1}]')
    tracemalloc.start()
    bad, good = rows(path, max_line_bytes=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (bad.line, bad.code, good) == (1, "line_too_long", RawRow({"a": 1}, 2, "/1"))
    assert peak < 6_000_000


def test_a_line_past_the_limit_is_never_held_whole(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", b'{"a": "' + b"x" * 12_000_000 + b'"}\n{"a": 1}\n')
    tracemalloc.start()
    bad, good = rows(path, max_line_bytes=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (bad.line, good) == (1, RawRow({"a": 1}, 2))
    assert peak < 6_000_000


@pytest.mark.parity
@pytest.mark.parametrize(
    ("file", "good", "bad"),
    [
        ("bfcl-v4/history/BFCL_v3_multi_turn_base_with_inline_functions.json", None, [41]),
        ("claude-code-transcripts/test/test_data/edge_cases.jsonl", None, [13, 15, 16]),
        ("tau2-bench/results/gpt-4.1_airline_default_gpt-4.1_1trials.json", 20, []),
    ],
)
def test_real_files(shared: Path, file: str, good: int | None, bad: list[int]) -> None:
    path = shared / "data" / file
    if not path.exists():
        pytest.skip(f"no {file}")
    read = rows(path)
    assert [row.line for row in read if isinstance(row, BadRow)] == bad
    if good is not None:
        assert len(read) - len(bad) == good


TALK = '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TALK, [{"messages": json.loads(TALK)}]),
        (f"[{TALK}, {TALK}]", [{"messages": json.loads(TALK)}] * 2),
        (
            '[{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]',
            [{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}],
        ),
        (
            '[{"role": "user", "parts": [{"text": "a"}]}]',
            [{"contents": [{"role": "user", "parts": [{"text": "a"}]}]}],
        ),
        # A role that no format knows, a row beside a message: these are lists of rows.
        ('[{"role": "pilot", "content": "a"}]', [{"role": "pilot", "content": "a"}]),
        (
            '[{"role": "user", "content": "a"}, {"x": 1}]',
            [{"role": "user", "content": "a"}, {"x": 1}],
        ),
        ('[{"messages": []}, {"messages": []}]', [{"messages": []}] * 2),
    ],
)
def test_a_list_of_messages_is_one_row(
    tmp_path: Path, text: str, expected: list[dict[str, Any]]
) -> None:
    assert [row.value for row in rows(put(tmp_path / "a.json", text.encode()))] == expected


def test_a_list_of_records_is_a_row_where_a_format_knows_such_rows(tmp_path: Path) -> None:
    steps = [{"send_prompt": "a", "LLM_response": "b"}, {"send_prompt": "c"}]
    path = put(tmp_path / "a.json", json.dumps([steps, [{"a": 1}]]).encode())
    good, bad = rows(path)
    assert (good.value, good.pointer_prefix) == ({"records": steps}, "/0")
    assert bad.code == "not_an_object"
