"""Loads any `tokenizer.json`, with what its neighbours say of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from tokenizers import Tokenizer

from agentdata.errors import UsageError

_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "processor_config.json",
    "preprocessor_config.json",
    "chat_template.jinja",
    "additional_chat_templates/*.jinja",
)


@dataclass(frozen=True, slots=True)
class LoadedTokenizer:
    """A tokenizer without truncation or padding.

    `document` is the parsed tokenizer.json, `fingerprint` the sha256 of its bytes. `bos` is the
    token that it puts before every text, "" if none. `vocab_size` is the largest id plus one.
    `directory` holds the files that came with it, among them its chat template.
    """

    backend: Tokenizer
    document: dict[str, Any]
    fingerprint: str
    bos: str
    vocab_size: int
    directory: Path | None = None

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The contents of the tokens marked `special`, longest first."""
        added = self.document.get("added_tokens") or []
        contents = {str(token["content"]) for token in added if token.get("special")}
        return tuple(sorted(contents, key=lambda content: (-len(content), content)))

    def count_tokens(self, text: str) -> int:
        """How many tokens a text is, without those that are put around every text."""
        return len(self.backend.encode_batch_fast([text], add_special_tokens=False)[0].ids)


def load_tokenizer(name: str | Path) -> LoadedTokenizer:
    """The tokenizer of a tokenizer.json, of the directory that holds it, or of a Hugging Face id.

    Raises UsageError `bad_tokenizer`.
    """
    path = Path(name)
    if path.is_dir():
        path = path / "tokenizer.json"
    if path.is_file():
        return replace(_parse(path.read_bytes(), str(path)), directory=path.parent)
    is_hub_id = str(name).count("/") == 1 and not path.is_absolute() and path.suffix != ".json"
    if path.exists() or not is_hub_id or str(name).startswith("."):
        raise UsageError(
            "bad_tokenizer",
            f"--tokenizer {name}: there is no tokenizer.json",
            remedy="name a tokenizer.json, a directory that holds one, or a Hugging Face id",
        )
    try:
        # Only here: it takes long to import.
        from huggingface_hub import snapshot_download

        directory = Path(snapshot_download(str(name), allow_patterns=list(_FILES)))
        raw = (directory / "tokenizer.json").read_bytes()
    except Exception as error:  # the hub's client has many errors, network's among them
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            "bad_tokenizer",
            f"--tokenizer {name}: no such file, and not on the Hugging Face hub: {first}",
            remedy="name a local tokenizer.json or check the network",
        ) from None
    return replace(_parse(raw, str(name)), directory=directory)


def _parse(raw: bytes, name: str) -> LoadedTokenizer:
    try:
        document = orjson.loads(raw)
        backend = Tokenizer.from_str(raw.decode())
    except Exception as error:  # the Rust parser raises bare Exception
        first = (str(error).splitlines() or [""])[0]
        raise UsageError(
            "bad_tokenizer",
            f"--tokenizer {name}: not a tokenizer.json that `tokenizers` can read: {first}",
        ) from None
    backend.no_truncation()
    backend.no_padding()
    contents = {token["id"]: token["content"] for token in document.get("added_tokens") or []}
    first_with, first_without = (
        backend.encode("a", add_special_tokens=extras).ids[:1] for extras in (True, False)
    )
    bos = contents.get(first_with[0], "") if first_with != first_without else ""
    return LoadedTokenizer(
        backend=backend,
        document=document,
        fingerprint=hashlib.sha256(raw).hexdigest(),
        bos=bos,
        vocab_size=max(_numbers(backend, document)) + 1,
    )


def _numbers(backend: Tokenizer, document: dict[str, Any]) -> Iterator[int]:
    """The ids of all tokens, the largest among them; the vocabulary itself is slow to get."""
    vocabulary = document["model"].get("vocab") or ()
    if isinstance(vocabulary, dict):
        yield max(vocabulary.values(), default=-1)
    else:
        yield len(vocabulary) - 1
    for token in document.get("added_tokens") or []:
        number = backend.token_to_id(token["content"])
        yield -1 if number is None else number
