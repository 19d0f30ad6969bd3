"""Rows with media through the whole compile: tokens, columns, and a reason for every row left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest
from media_cases import (
    INTERNVL,
    QWEN,
    compiled,
    data_uri,
    image_bytes,
    rejects,
    row,
    tokenizer_with,
    write_image,
    write_rows,
)

from agentdata import ShardDataset
from agentdata.errors import AgentDataError
from agentdata.media import desk
from agentdata.shards import parts
from agentdata.shards.verify import verify
from agentdata.tokenization import load_tokenizer

TURNS = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n{}<|im_end|>\n"


@pytest.fixture
def qwen(tmp_path: Path) -> Path:
    return tokenizer_with(tmp_path / "tokenizer", QWEN)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two images: of 2 x 3 and 4 x 4 tokens in Qwen2-VL."""
    write_image(tmp_path / "data" / "a.png", 56, 84)
    write_image(tmp_path / "data" / "b.jpg", 112, 112)
    return tmp_path / "data"


def run_of(tokens: int, kind: str = "image") -> str:
    return f"<|vision_start|>{f'<|{kind}_pad|>' * tokens}<|vision_end|>"


ROWS: list[tuple[dict[str, Any], str, str, list[list[int]]]] = [
    (row("<image>What?", images=["a.png"]), f"{run_of(6)}What?", "Seen.", [[1, 4, 6]]),
    (
        row("Left <image>, right <image>?", images=["a.png", "b.jpg"]),
        f"Left {run_of(6)}, right {run_of(16)}?",
        "Seen.",
        [[1, 4, 6], [1, 8, 8]],
    ),
    (
        row([{"type": "text", "text": "So "}, {"type": "image", "image": "b.jpg"}]),
        f"So {run_of(16)}",
        "Seen.",
        [[1, 8, 8]],
    ),
    # No place at all: first in what the user says.
    (row("What?", images=["a.png"]), f"{run_of(6)}What?", "Seen.", [[1, 4, 6]]),
    # The model's own turn may show one, which is not trained.
    (row("Draw.", "Here: <image>!", images=["a.png"]), "Draw.", f"Here: {run_of(6)}!", [[1, 4, 6]]),
    # Letters of the model's tokens in data are letters.
    (
        row("<image><|image_pad|>", images=["a.png"]),
        f"{run_of(6)}<|image_pad|>",
        "Seen.",
        [[1, 4, 6]],
    ),
]


@pytest.mark.parametrize(("raw", "user", "reply", "grids"), ROWS)
def test_images_are_the_models_own_tokens(
    raw: dict[str, Any],
    user: str,
    reply: str,
    grids: list[list[int]],
    qwen: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    compiled(tmp_path / "out", write_rows(data / "rows.jsonl", [raw]), qwen)
    assert not rejects(tmp_path / "out")
    (found,) = ShardDataset(tmp_path / "out")
    backend = load_tokenizer(qwen).backend
    assert backend.decode(found["input_ids"], skip_special_tokens=False) == TURNS.format(
        user, reply
    )
    pad = backend.token_to_id("<|image_pad|>")
    stands_in = found["input_ids"] == pad
    assert found["image_grid_thw"].tolist() == grids
    assert found["image_tokens"].sum() == stands_in.sum() == sum(h * w // 4 for _, h, w in grids)
    trained = found["input_ids"][found["loss_weights"] > 0]
    parts = [part for part in reply.split(run_of(6)) if part]
    assert backend.decode(trained, skip_special_tokens=False) == "".join(parts) + "<|im_end|>\n"
    assert [Path(item["path"]).name for item in found["images"]]
    assert verify(tmp_path / "out").is_whole


BAD: list[tuple[dict[str, Any], str, str]] = [
    (row("<image>", images=["none.png"]), "media_missing", "/images/0"),
    (row("<image><image>", images=["a.png", "../b"]), "media_outside_root", "/images/1"),
    (row("<image>", images=["https://example.org/a.png"]), "media_not_fetched", "/images/0"),
    (row("<image>", images=["rows.jsonl"]), "media_corrupt", "/images/0"),
    (row("<image>", images=["data:image/png;base64,AAAA"]), "media_corrupt", "/images/0"),
    (row("<image>", images=["long.png"]), "media_size", "/images/0"),
    (row([{"type": "image", "image": "none.png"}]), "media_missing", "/messages/0"),
    (row("<image><image>", images=["a.png"]), "media_mismatch", "/messages/0"),
    (row("<image>", images=["a.png", "b.jpg"]), "media_mismatch", "/images/1"),
    (row("<video>", videos=["a.mp4"]), "media_unsupported", ""),
    (row("<audio>", audios=["a.wav"]), "media_unsupported", ""),
    (row("<image>\U000f0000", images=["a.png"]), "private_use_character", ""),
]


def test_every_row_that_is_left_out_says_why(qwen: Path, data: Path, tmp_path: Path) -> None:
    write_image(data / "long.png", 1, 300)
    source = write_rows(data / "rows.jsonl", [raw for raw, _, _ in BAD] + [row("Hello")])
    manifest = compiled(tmp_path / "out", source, qwen)
    found = [(line["reason"], line["pointer"]) for line in rejects(tmp_path / "out")]
    assert found == [(code, pointer) for _, code, pointer in BAD]
    assert manifest.sources[0].written == 1


@pytest.mark.parametrize("index", [9, 10])
def test_what_is_not_known_names_the_option(
    index: int, qwen: Path, data: Path, tmp_path: Path
) -> None:
    compiled(tmp_path / "out", write_rows(data / "rows.jsonl", [BAD[index][0], row("Hi")]), qwen)
    assert "--media text" in rejects(tmp_path / "out")[0]["message"]


def test_a_fixed_number_for_videos(qwen: Path, data: Path, tmp_path: Path) -> None:
    (data / "a.mp4").write_bytes(b"frames")
    source = write_rows(data / "rows.jsonl", [row("<video>What?", videos=["a.mp4"])])
    compiled(tmp_path / "out", source, qwen, media_tokens={"video": 5})
    (found,) = ShardDataset(tmp_path / "out")
    text = load_tokenizer(qwen).backend.decode(found["input_ids"], skip_special_tokens=False)
    assert text == TURNS.format(f"{run_of(5, 'video')}What?", "Seen.")
    assert found["video_tokens"].tolist() == [5]
    assert [Path(item["path"]).name for item in found["videos"]] == ["a.mp4"]
    assert verify(tmp_path / "out").is_whole


def test_a_tokenizer_without_images_rejects_or_keeps_the_text(data: Path, tmp_path: Path) -> None:
    text_only = tokenizer_with(tmp_path / "tokenizer", ())
    raws = [row("<image>What?", "An <image>.", images=["none.png", "none.png"]), row("Hello")]
    source = write_rows(data / "rows.jsonl", raws)
    manifest = compiled(tmp_path / "rejected", source, text_only)
    assert manifest.sources[0].rejects == {"media_unsupported": 1}
    assert "--media text" in rejects(tmp_path / "rejected")[0]["message"]

    manifest = compiled(tmp_path / "text", source, text_only, media="text")
    assert (manifest.sources[0].written, manifest.media) == (2, None)
    assert manifest.sources[0].warnings == {"media_as_text": 1}
    found = ShardDataset(tmp_path / "text")[0]
    backend = load_tokenizer(text_only).backend
    assert backend.decode(found["input_ids"]) == "user\n<image>What?\nassistant\nAn <image>.\n"
    trained = found["input_ids"][found["loss_weights"] > 0]
    assert backend.decode(trained) == "An .\n"
    assert "images" not in found


def test_no_columns_where_no_row_has_media(qwen: Path, data: Path, tmp_path: Path) -> None:
    manifest = compiled(tmp_path / "out", write_rows(data / "rows.jsonl", [row("Hello")]), qwen)
    assert manifest.media is None
    assert "images" not in ShardDataset(tmp_path / "out")[0]


@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_embedded_bytes(container: str, qwen: Path, data: Path, tmp_path: Path) -> None:
    inline = image_bytes(28, 28)
    raws = [row("<image><image>", images=["a.png", data_uri(inline)]), row("Hello")]
    source = write_rows(data / "rows.jsonl", raws)
    for mode, first in (("embed", (data / "a.png").read_bytes()), ("reference", None)):
        compiled(tmp_path / mode, source, qwen, media=mode, container=container)
        with_images, without = ShardDataset(tmp_path / mode)
        assert with_images["images"] == [
            {"bytes": first, "path": str((data / "a.png").resolve())},
            {"bytes": inline, "path": None},
        ]
        assert without["images"] == []
        assert without["image_grid_thw"].shape == (0, 3)
        assert verify(tmp_path / mode).is_whole


def test_hugging_face_reads_the_images(qwen: Path, data: Path, tmp_path: Path) -> None:
    source = write_rows(data / "rows.jsonl", [row("<image>", images=["a.png"])] * 2)
    for mode in ("embed", "reference"):
        compiled(tmp_path / mode, source, qwen, media=mode)
        files = [str(path) for path in (tmp_path / mode / "data").glob("*.parquet")]
        loaded = datasets.Dataset.from_parquet(files, cache_dir=str(tmp_path / "cache" / mode))
        shown = loaded.cast_column("images", datasets.Sequence(datasets.Image()))
        assert shown[1]["images"][0].size == (84, 56)


def test_packs_hold_the_media_of_their_rows_in_order(
    qwen: Path, data: Path, tmp_path: Path
) -> None:
    raws = [
        row("<image>" * count + "?" * number, id=str(number), images=["a.png", "b.jpg"][:count])
        for number, count in enumerate([1, 0, 2, 1, 0, 2])
    ]
    source = write_rows(data / "rows.jsonl", raws)
    compiled(tmp_path / "rows", source, qwen)
    compiled(tmp_path / "packs", source, qwen, pack=200)
    rows = {found["id"]: found for found in ShardDataset(tmp_path / "rows")}
    packs = list(ShardDataset(tmp_path / "packs"))
    assert any(len(found["ids"]) > 1 for found in packs)
    for found in packs:
        members = [rows[name] for name in found["ids"]]
        assert found["images"] == [item for member in members for item in member["images"]]
        for name in ("input_ids", "image_grid_thw", "image_tokens"):
            joined = np.concatenate([member[name] for member in members])
            assert np.array_equal(found[name], joined)
    assert verify(tmp_path / "packs").is_whole


@pytest.mark.parametrize("overflow", ["truncate_left", "truncate_right", "split"])
@pytest.mark.parametrize("limit", [20, 30, 40, 50, 60, 70])
def test_no_cut_goes_through_an_image(
    overflow: str, limit: int, qwen: Path, data: Path, tmp_path: Path
) -> None:
    source = write_rows(
        data / "rows.jsonl",
        [row("a<image>b<image>c", "Ja.<image>Nein.", images=["a.png", "b.jpg", "a.png"])],
    )
    compiled(tmp_path / "out", source, qwen, overflow=overflow, max_length=limit, loss_scale="all")
    backend = load_tokenizer(qwen).backend
    pad = backend.token_to_id("<|image_pad|>")
    for found in ShardDataset(tmp_path / "out"):
        assert found["length"] <= limit
        assert (found["input_ids"] == pad).sum() == found["image_tokens"].sum()
        text = backend.decode(found["input_ids"], skip_special_tokens=False)
        assert (
            text.count("<|vision_start|>") == text.count("<|vision_end|>") == len(found["images"])
        )
    assert verify(tmp_path / "out").is_whole


def test_an_image_longer_than_a_row_is_filtered(qwen: Path, data: Path, tmp_path: Path) -> None:
    source = write_rows(data / "rows.jsonl", [row("<image>", images=["b.jpg"]), row("?")])
    manifest = compiled(tmp_path / "out", source, qwen, overflow="split", max_length=17)
    counts = manifest.sources[0]
    assert counts.read == counts.written + counts.filtered.total() == 2


def test_the_bytes_do_not_depend_on_the_workers(qwen: Path, data: Path, tmp_path: Path) -> None:
    raws = [row(f"<image>{number}", images=["a.png"]) for number in range(20)]
    raws += [row("<image>", images=["none.png"])]
    first = write_rows(data / "rows.jsonl", raws)
    write_rows(data / "more.jsonl", raws[::-1])
    hashes = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        sources = [str(first), str(data / "more.jsonl")]
        manifest = compiled(out, first, qwen, sources=sources, workers=workers, media="embed")
        hashes.append([shard.sha256 for shard in manifest.shards] + [manifest.rejects.sha256])
    assert hashes[0] == hashes[1]


def test_each_header_is_read_once(
    qwen: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    real = desk.image_size
    monkeypatch.setattr(desk, "image_size", lambda source: read.append(source) or real(source))
    raws = [row("<image><image>", images=["a.png", "./a.png"]), row("<image>", images=["a.png"])]
    compiled(tmp_path / "out", write_rows(data / "rows.jsonl", raws), qwen)
    assert read == [data / "a.png"]


def test_media_that_rows_hold_are_written_piece_by_piece(
    qwen: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_FLUSH_BYTES", 1)
    raws = [row(f"<image>{number}", images=["a.png"]) for number in range(5)]
    source = write_rows(data / "rows.jsonl", raws)
    small = compiled(tmp_path / "small", source, qwen, media="embed", shard_size=1000)
    assert len(small.shards) > 1
    assert verify(tmp_path / "small").is_whole


def test_media_root(qwen: Path, data: Path, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", [row("<image>", images=["a.png"]), row("?")])
    manifest = compiled(tmp_path / "without", source, qwen)
    assert manifest.sources[0].rejects == {"media_missing": 1}
    manifest = compiled(tmp_path / "with", source, qwen, media_root=str(data))
    assert manifest.sources[0].written == 2
    with pytest.raises(AgentDataError, match="--media-root"):
        compiled(tmp_path / "no", source, qwen, media_root=str(data / "none"))


@pytest.mark.parametrize(
    ("tokens", "family", "expected"),
    [
        (INTERNVL, "auto", f"<img>{'<IMG_CONTEXT>' * 256 * 3}</img>What?"),
        (("<image>",), "llava", f"{'<image>' * 576}What?"),
        ((*QWEN, "<tool_call>", "<think>"), "auto", f"{run_of(8 * 10)}What?"),
    ],
)
def test_families(
    tokens: tuple[str, ...], family: str, expected: str, data: Path, tmp_path: Path
) -> None:
    tokenizer = tokenizer_with(tmp_path / "tokenizer", tokens)
    write_image(data / "wide.png", 224, 448)
    if tokens[0] == QWEN[0]:
        write_image(data / "wide.png", 256, 320)
    source = write_rows(data / "rows.jsonl", [row("<image>What?", images=["wide.png"])])
    compiled(tmp_path / "out", source, tokenizer, media_family=family)
    (found,) = ShardDataset(tmp_path / "out")
    text = load_tokenizer(tokenizer).backend.decode(found["input_ids"], skip_special_tokens=False)
    assert text == TURNS.format(expected, "Seen.")
    assert verify(tmp_path / "out").is_whole


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("image_tokens", lambda row: row["image_tokens"].append(1)),
        ("image_tokens", lambda row: row["image_tokens"].__setitem__(0, 7)),
        ("image_grid_thw", lambda row: row["image_grid_thw"].__setitem__(0, [1, 2, 6])),
        ("image_grid_thw", lambda row: row["image_grid_thw"].__setitem__(0, [24])),
        ("image_grid_thw", lambda row: row["image_grid_thw"].clear()),
        ("images", lambda row: row["images"].clear()),
        ("videos", lambda row: row["videos"].append({"bytes": b"", "path": None})),
    ],
)
def test_verify_finds_media_that_are_not_those_of_the_tokens(
    column: str, change: Any, qwen: Path, data: Path, tmp_path: Path
) -> None:
    from agentdata.files import sha256_of
    from agentdata.shards.manifest import load_manifest

    out = tmp_path / "out"
    compiled(out, write_rows(data / "rows.jsonl", [row("<image>", images=["a.png"])]), qwen)
    (path,) = (out / "data").glob("*.parquet")
    table = pq.read_table(path)
    (changed,) = table.to_pylist()
    change(changed)
    pq.write_table(table.from_pylist([changed], table.schema), path)
    manifest = load_manifest(out)
    new = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    shards = [shard.model_copy(update=new) for shard in manifest.shards]
    (out / "manifest.json").write_bytes(manifest.model_copy(update={"shards": shards}).to_json())
    assert set(verify(out).codes) == {"media"}


def test_train_refuses_images_that_no_model_would_see(
    qwen: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    from agentdata.training.loop import train
    from agentdata.training.options import TrainOptions

    compiled(
        tmp_path / "out", write_rows(data / "rows.jsonl", [row("<image>", images=["a.png"])]), qwen
    )
    with pytest.raises(AgentDataError, match="media"):
        train(TrainOptions(directory=tmp_path / "out", out=tmp_path / "run"), lambda record: None)


TEMPLATE = """\
{%- for message in messages -%}
{{ '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['content'] is string -%}{{ message['content'] }}
{%- else -%}
{%- for part in message['content'] if part['type'] == 'image' -%}
{{ 'Picture ' ~ loop.index ~ ': MARK\\n' }}
{%- endfor -%}
{%- for part in message['content'] if part['type'] == 'text' -%}{{ part['text'] }}{%- endfor -%}
{%- endif -%}
{{ '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""
"""Writes the images of a message first, with words of its own."""


@pytest.mark.parametrize("mark", ["<|vision_start|><|image_pad|><|vision_end|>", "<|image_pad|>"])
def test_a_chat_template_puts_images_where_it_has_them(
    mark: str, qwen: Path, data: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template.jinja"
    template.write_text(TEMPLATE.replace("MARK", mark))
    raws = [
        row("Left <image>, <|image_pad|> right <image>?", images=["a.png", "b.jpg"]),
        # Its words for the model have no images: they stand where the text has them.
        row("Draw.", "Here: <image>!", images=["a.png"]),
    ]
    source = write_rows(data / "rows.jsonl", raws)
    compiled(tmp_path / "out", source, qwen, template=str(template))
    backend = load_tokenizer(qwen).backend
    first, second = (
        backend.decode(found["input_ids"], skip_special_tokens=False)
        for found in ShardDataset(tmp_path / "out")
    )
    ask = f"Picture 1: {run_of(6)}\nPicture 2: {run_of(16)}\nLeft , <|image_pad|> right ?"
    assert first == TURNS.format(ask, "Seen.")
    assert run_of(6) in second
    assert verify(tmp_path / "out").is_whole


@pytest.mark.parametrize("options", [{}, {"pack": 4096, "overflow": "split"}])
def test_the_first_media_may_come_after_shards_were_begun(
    tmp_path: Path, data: Path, qwen: Path, options: dict[str, Any]
) -> None:
    text = [row("What? " * 99) | {"id": str(number % 20)} for number in range(30)]
    write_rows(data / "1.jsonl", text)
    write_rows(data / "2.jsonl", [*text, row("<image>What?", images=["a.png"])])
    out = tmp_path / "out"
    manifest = compiled(out, data, qwen, shard_size=20_000, split={"val": 0.3}, **options)
    assert verify(out).is_whole and manifest.media is not None
    assert manifest.total().rows == 61
    assert (
        manifest.sources[0].warnings["duplicate_id"] + manifest.sources[1].warnings["duplicate_id"]
        == 40
    )
    assert {shard.split for shard in manifest.shards} == {"train", "val"}
    for shard in manifest.shards:
        assert "images" in pq.read_schema(out / shard.path).names
