"""Small images, tokenizers with the tokens of a family, and rows that refer to images."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import Manifest

QWEN = ("<|vision_start|>", "<|image_pad|>", "<|video_pad|>", "<|vision_end|>")
INTERNVL = ("<img>", "<IMG_CONTEXT>", "</img>", "<quad>", "<ref>", "<box>")


def tokenizer_with(directory: Path, tokens: Sequence[str], **configs: dict[str, Any]) -> Path:
    """A tokenizer of bytes with the marks of ChatML and more special tokens, and JSON files beside
    it."""
    directory.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>", *tokens])
    tokenizer.save(str(directory / "tokenizer.json"))
    for name, config in configs.items():
        (directory / f"{name}.json").write_text(json.dumps(config))
    return directory


def image_bytes(height: int, width: int, format_: str = "PNG", orientation: int = 1) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    more: dict[str, Any] = {"exif": exif} if orientation != 1 else {}
    Image.new("RGB", (width, height), (9, 99, 199)).save(file, format_, **more)
    return file.getvalue()


def write_image(path: Path, height: int = 60, width: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image_bytes(height, width, path.suffix[1:].upper().replace("JPG", "JPEG")))
    return path


def data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def row(ask: Any, reply: str = "Seen.", **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": ask}, {"role": "assistant", "content": reply}]
    return {"messages": messages, **more}


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in rows))
    return path


def compiled(out: Path, source: Path, tokenizer: Path, **options: Any) -> Manifest:
    values = {
        "tokenizer": str(tokenizer),
        "sources": [str(source)],
        "template": "chatml",
        "format": "swift",
        **options,
    }
    return compile_recipe(make_recipe(values), out)


def rejects(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]
