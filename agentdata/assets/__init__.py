"""Where the bundled sample data and the bundled tokenizer lie."""

from __future__ import annotations

from pathlib import Path


def sample_dir() -> Path:
    """The folder of the sample rows: one file per bundled format, a few rows broken on purpose.

    >>> sorted(path.stem for path in sample_dir().iterdir())
    ['msagent', 'msagent_react', 'openai', 'sharegpt', 'swift']
    """
    return Path(__file__).parent / "sample"


def tokenizer_dir() -> Path:
    """The folder of the small byte-level BPE tokenizer that was trained on the sample.

    >>> (tokenizer_dir() / "tokenizer.json").is_file()
    True
    """
    return Path(__file__).parent / "tokenizer"
