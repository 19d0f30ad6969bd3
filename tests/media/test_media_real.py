"""Real rows with media, by real tokenizers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from media_cases import compiled, write_image, write_rows

from agentdata import ShardDataset
from agentdata.shards.verify import verify
from agentdata.tokenization import load_tokenizer

pytestmark = pytest.mark.parity

IMAGE_PAD = 151655
"""The id of `<|image_pad|>` in all of Qwen's vocabularies."""


def shown(shared: Path, ids: np.ndarray, tokenizer: str = "qwen2.5") -> str:
    """The text of token ids, runs of image tokens as ms-swift prints them."""
    backend = load_tokenizer(shared / "tokenizers" / tokenizer).backend
    text = backend.decode(ids.tolist(), skip_special_tokens=False)
    return re.sub(r"(?:<\|image_pad\|>)+", lambda run: f"[{IMAGE_PAD} * {len(run[0]) // 13}]", text)


def test_the_two_screenshots_of_ms_swift(shared: Path, tmp_path: Path) -> None:
    """An image in a question, and one within the JSON text of a tool's answer."""
    source = shared / "data/ms-swift-docs/docs__source_en__Instruction__Agent-support.jsonl"
    for name in ("desktop.png", "calendar.png"):
        write_image(tmp_path / "media" / name, 756, 756)
    qwen = shared / "tokenizers/qwen2.5"
    options = {"template": "qwen2_5", "media_root": str(tmp_path / "media")}
    manifest = compiled(tmp_path / "out", source, qwen, **options)
    assert manifest.sources[0].rejected == 0
    found = ShardDataset(tmp_path / "out")[1]
    text = shown(shared, found["input_ids"])
    run = "<|vision_start|>[151655 * 729]<|vision_end|>"
    assert f"<|im_start|>user\n{run}What time" in text
    assert '<tool_response>\n{"images": "' + run + '", "status": "success"}\n' in text
    assert found["image_grid_thw"].tolist() == [[1, 54, 54]] * 2
    assert not (found["loss_weights"][found["input_ids"] == IMAGE_PAD] > 0).any()
    assert verify(tmp_path / "out").is_whole


def test_llama_factorys_demo(shared: Path, tmp_path: Path) -> None:
    processors = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    from PIL import Image

    source = shared / "data/llamafactory-sharegpt/mllm_demo.json"
    qwen = shared / "tokenizers/qwen2.5"
    for mode in ("reference", "embed"):
        out = tmp_path / mode
        manifest = compiled(out, source, qwen, template="qwen2_5", media=mode, format="auto")
        assert (manifest.sources[0].written, manifest.sources[0].rejected) == (6, 0)
        assert verify(out).is_whole
    processor = processors.Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=12845056)
    for found in ShardDataset(tmp_path / "reference"):
        images = [Image.open(item["path"]) for item in found["images"]]
        grids = processor(images=images, return_tensors="np")["image_grid_thw"]
        assert np.array_equal(found["image_grid_thw"], grids)
        assert (found["input_ids"] == IMAGE_PAD).sum() == grids.prod(axis=1).sum() // 4


def test_ui_tars_screenshots_within_the_row(shared: Path, tmp_path: Path) -> None:
    """A screenshot of 1.5 MB as a data URI; the file has no reply, so one is added here."""
    import json

    source = shared / "data/ui-tars/data/test_messages_single_image.json"
    messages = json.loads(source.read_text())
    reply = {"role": "assistant", "content": "Action: click(start_box='(1,2)')"}
    rows = write_rows(tmp_path / "rows.jsonl", [{"messages": [*messages, reply]}])
    qwen = shared / "tokenizers/qwen2.5"
    options = {"template": "qwen2_5", "format": "ui_tars", "max_pixels": 1003520}
    manifest = compiled(tmp_path / "out", rows, qwen, **options)
    assert manifest.sources[0].written == 1
    (found,) = ShardDataset(tmp_path / "out")
    assert len(found["images"][0]["bytes"]) > 1_000_000
    assert found["image_tokens"].sum() == (found["input_ids"] == IMAGE_PAD).sum() <= 1280


def test_ui_tars_training_example(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/ui-tars/data/training_example.json"
    qwen = shared / "tokenizers/qwen2.5"
    manifest = compiled(tmp_path / "out", source, qwen, template="qwen2_5", format="auto")
    assert manifest.sources[0].rejected == 0
    assert manifest.total().trained_tokens > 0


CORPORA = [
    "ms-swift-docs/docs__source_en__Instruction__Agent-support.jsonl",
    "ms-swift-docs/docs__source__BestPractices__Qwen3-VL-Best-Practice.jsonl",
    "ms-swift-docs/tests/llm/data/multi_modal_2.jsonl",
    "llamafactory-sharegpt/mllm_demo.json",
    "xtuner/tests/resource/mllm_sft_single_image_example_data.jsonl",
    "functionary/tests/test_case_vision.json",
    "adp/llava_plus/sample_raw.json",
]


@pytest.mark.parametrize("name", CORPORA)
def test_one_option_takes_all_rows_through_a_text_only_tokenizer(
    name: str, shared: Path, tmp_path: Path
) -> None:
    tokenizer = shared / "tokenizers/deepseek-v3"
    options = {"template": "deepseek_v3_1", "format": "auto", "media": "text"}
    manifest = compiled(tmp_path / "out", shared / "data" / name, tokenizer, **options)
    counts = manifest.sources[0]
    assert (counts.rejected, counts.filtered.total()) == (0, 0)
    assert counts.warnings["media_as_text"] > 0
    assert counts.tally.trained_kinds["media"] == 0


@pytest.mark.parametrize(
    ("tokenizer", "family", "tokens"), [("qwen2.5", "qwen2_5_vl", 6), ("qwen3", "qwen3_vl", 70)]
)
def test_families_of_real_tokenizers(
    tokenizer: str, family: str, tokens: int, shared: Path, tmp_path: Path
) -> None:
    write_image(tmp_path / "a.png", 56, 84)
    messages = [
        {"role": "user", "content": "<image>What?"},
        {"role": "assistant", "content": "Seen."},
    ]
    rows = write_rows(tmp_path / "rows.jsonl", [{"messages": messages, "images": ["a.png"]}])
    manifest = compiled(tmp_path / "out", rows, shared / "tokenizers" / tokenizer)
    assert manifest.media is not None
    assert manifest.media.family == family
    (found,) = ShardDataset(tmp_path / "out")
    assert found["image_tokens"].tolist() == [tokens]
    assert f"[{IMAGE_PAD} * {tokens}]" in shown(shared, found["input_ids"], tokenizer)
