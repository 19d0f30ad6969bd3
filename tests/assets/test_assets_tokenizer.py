"""The bundled tokenizer: reproducible, lossless, and with the control tokens of its family."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from agentdata.assets import sample_dir, tokenizer_dir
from agentdata.sources import expand

SCRIPT = Path(__file__).parents[2] / "bench" / "train_tokenizer.py"
TOKENIZER = Tokenizer.from_file(str(tokenizer_dir() / "tokenizer.json"))


def round_trip(text: str) -> str:
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    return str(TOKENIZER.decode(ids, skip_special_tokens=False))


def test_training_again_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], check=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / name).read_bytes() == (tokenizer_dir() / name).read_bytes(), name


@pytest.mark.parametrize("path", expand([str(sample_dir())]), ids=lambda path: path.name)
def test_sample_files_decode_to_themselves(path: Path) -> None:
    text = path.read_text("utf-8")
    assert round_trip(text) == text


@given(st.text())
def test_any_text_decodes_to_its_nfc(text: str) -> None:
    assert round_trip(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("token", "special"),
    [
        ("<|endoftext|>", True),
        ("<|im_start|>", True),
        ("<|im_end|>", True),
        ("<tool_call>", False),
        ("</tool_call>", False),
        ("<tool_response>", False),
        ("</tool_response>", False),
        ("<think>", False),
        ("</think>", False),
    ],
)
def test_added_tokens_are_one_token_each(token: str, special: bool) -> None:
    ids = TOKENIZER.encode(f"a{token}b", add_special_tokens=False).ids
    added = TOKENIZER.get_added_tokens_decoder()
    assert len(ids) == 3
    assert (added[ids[1]].content, added[ids[1]].special) == (token, special)


def test_the_vocabulary_has_no_gaps_and_all_bytes() -> None:
    ids = sorted(TOKENIZER.get_vocab().values())
    assert ids == list(range(4096))
    assert round_trip("".join(map(chr, range(0x250)))) == "".join(map(chr, range(0x250)))


def test_no_token_is_put_before_or_behind_a_text() -> None:
    with_extras = TOKENIZER.encode("hello", add_special_tokens=True).ids
    assert with_extras == TOKENIZER.encode("hello", add_special_tokens=False).ids


def test_config_names_the_stop_token() -> None:
    config = json.loads((tokenizer_dir() / "tokenizer_config.json").read_text("utf-8"))
    assert (config["eos_token"], config["pad_token"]) == ("<|im_end|>", "<|endoftext|>")
    assert "chat_template" not in config
