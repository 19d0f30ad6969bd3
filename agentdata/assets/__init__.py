"""Where the bundled sample data and the bundled tokenizer lie."""

from __future__ import annotations

from pathlib import Path


def sample_dir() -> Path:
    """The folder of the sample rows: a file or a folder per raw format, a few rows broken on
    purpose.

    >>> (sample_dir() / "openai.jsonl").is_file()
    True
    """
    return Path(__file__).parent / "sample"


def tokenizer_dir() -> Path:
    """The folder of the small byte-level BPE tokenizer that was trained on the sample.

    >>> (tokenizer_dir() / "tokenizer.json").is_file()
    True
    """
    return Path(__file__).parent / "tokenizer"
