"""Which family a tokenizer and the files beside it are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from media_cases import INTERNVL, QWEN, tokenizer_with

from agentdata.errors import UsageError
from agentdata.media import FAMILIES, MediaInfo, choose_family
from agentdata.media.families.internvl import Tiles
from agentdata.media.patches import Patches
from agentdata.tokenization import Encoder, load_tokenizer


def choose(directory: Path, name: str = "auto", **options: Any) -> MediaInfo | None:
    values: dict[str, Any] = {"tokens": {}, "min_pixels": None, "max_pixels": None, **options}
    return choose_family(name, Encoder(load_tokenizer(directory)), **values)


LLAVA = {
    "preprocessor_config": {"image_processor_type": "CLIPImageProcessor", "crop_size": {"height": 28, "width": 28}},
    "processor_config": {"processor_class": "LlavaProcessor", "patch_size": 14},
}  # fmt: skip
CASES: list[tuple[str | None, tuple[str, ...], dict[str, Any]]] = [
    (None, (), {}),
    ("qwen2_vl", QWEN, {}),
    ("qwen2_5_vl", (*QWEN, "<tool_call>"), {}),
    ("qwen3_vl", (*QWEN, "<tool_call>", "<think>"), {}),
    ("internvl", INTERNVL, {}),
    # InternVL on a vocabulary of Qwen's.
    ("internvl", (*QWEN, "<tool_call>", "<think>", *INTERNVL), {}),
    # `<image>` is a token of many models that size images in their own way.
    (None, ("<image>",), {}),
    ("llava", ("<image>",), LLAVA),
    (None, ("<image>",), {"processor_config": {"processor_class": "LlavaNextProcessor"}}),
    (None, QWEN, {"preprocessor_config": {"image_processor_type": "Glm4vImageProcessor"}}),
    ("qwen2_vl", QWEN, {"preprocessor_config": {"image_processor_type": "Qwen2VLImageProcessorFast"}}),
    ("qwen2_5_vl", QWEN, {"tokenizer_config": {"processor_class": "Qwen2_5_VLProcessor"}}),
    # Files of other shapes than these tell nothing.
    ("qwen2_vl", QWEN, {"preprocessor_config": []}),
]  # fmt: skip


@pytest.mark.parametrize(("family", "tokens", "configs"), CASES)
def test_auto(
    family: str | None, tokens: tuple[str, ...], configs: dict[str, Any], tmp_path: Path
) -> None:
    info = choose(tokenizer_with(tmp_path, tokens, **configs))
    assert (info.family.name if info else None) == family


def test_the_models_own_settings_and_those_of_the_run(tmp_path: Path) -> None:
    config = {"image_processor_type": "Qwen2VLImageProcessor", "max_pixels": 50176}
    directory = tokenizer_with(tmp_path, QWEN, preprocessor_config=config)
    assert choose(directory).family.sizing == Patches(14, 2, 3136, 50176)  # type: ignore[union-attr]
    info = choose(directory, max_pixels=40000, min_pixels=4000)
    assert info and info.family.sizing == Patches(14, 2, 4000, 40000)
    nested = {"processor_class": "InternVLProcessor", "image_processor": {"max_patches": 4}}
    info = choose(tokenizer_with(tmp_path / "b", INTERNVL, processor_config=nested))
    assert info and info.family.sizing == Tiles(448, 16, 1, 4)


def test_ids_are_those_of_the_stand_in_tokens(tmp_path: Path) -> None:
    directory = tokenizer_with(tmp_path, QWEN)
    info = choose(directory)
    backend = load_tokenizer(directory).backend
    assert info and info.ids == {
        "image": backend.token_to_id("<|image_pad|>"),
        "video": backend.token_to_id("<|video_pad|>"),
    }


@pytest.mark.parametrize(
    ("tokens", "name", "options", "code", "named"),
    [
        (QWEN, "qwen", {}, "unknown_media_family", "--media-family qwen"),
        ((), "qwen2_vl", {}, "missing_special_token", "--media-family qwen2_vl"),
        (QWEN, "llava", {}, "missing_special_token", "--media-family llava"),
        (QWEN, "auto", {"tokens": {"image": 9}}, "bad_option", "--media-tokens image=9"),
        (QWEN, "auto", {"tokens": {"audio": 9}}, "bad_option", "--media-tokens audio=9"),
        (INTERNVL, "auto", {"max_pixels": 9}, "bad_option", "--max-pixels"),
        (QWEN, "auto", {"max_pixels": 9}, "bad_option", "--min-pixels 3136 is above"),
    ],
)
def test_faults_name_the_option(
    tokens: tuple[str, ...],
    name: str,
    options: dict[str, Any],
    code: str,
    named: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError) as error:
        choose(tokenizer_with(tmp_path, tokens), name, **options)
    assert error.value.code == code
    assert named in error.value.message


def test_none_and_text_only_tokenizers(tmp_path: Path) -> None:
    assert choose(tokenizer_with(tmp_path, QWEN), "none") is None
    assert set(FAMILIES) == {"qwen2_vl", "qwen2_5_vl", "qwen3_vl", "llava", "internvl"}
