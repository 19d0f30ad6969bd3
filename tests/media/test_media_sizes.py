"""Tokens of an image by its size, held against the image processors of transformers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agentdata.media import FAMILIES
from agentdata.media.base import SizeError
from agentdata.media.families.internvl import Tiles
from agentdata.media.families.llava import Fixed
from agentdata.media.patches import Patches, smart_resize

SIZES = [
    (1, 1),
    (1, 200),
    (27, 29),
    (28, 28),
    (32, 5000),
    (41, 57),
    (224, 224),
    (336, 336),
    (448, 448),
    (449, 448),
    (480, 640),
    (600, 1800),
    (672, 896),
    (720, 1280),
    (768, 1366),
    (1080, 1920),
    (1920, 1080),
    (1440, 3440),
    (2160, 3840),
    (4000, 6000),
    (9000, 9000),
    (12000, 70),
]
PUBLISHED = {
    "qwen2_vl": {"patch_size": 14, "min_pixels": 3136, "max_pixels": 12845056},
    "qwen2_5_vl": {"patch_size": 14, "min_pixels": 3136, "max_pixels": 12845056},
    "qwen3_vl": {"patch_size": 16, "size": {"shortest_edge": 65536, "longest_edge": 16777216}},
}
"""What the preprocessor_config.json of the published models says."""


@pytest.mark.parametrize("family", PUBLISHED)
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_patches_are_those_of_the_image_processor(family: str, height: int, width: int) -> None:
    processors = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    processor = processors.Qwen2VLImageProcessorPil(**PUBLISHED[family])
    sizing = FAMILIES[family].sizing
    times, rows, columns = sizing.grid(height, width)
    assert times * rows * columns == processor.get_number_of_image_patches(height, width, {})
    assert sizing.patches_per_token == processor.merge_size**2


@pytest.mark.parametrize("family", PUBLISHED)
@pytest.mark.parametrize(("height", "width"), [(10, 90), (224, 224), (333, 517)])
def test_grid_is_image_grid_thw(family: str, height: int, width: int) -> None:
    """Of pixels that go through the whole processor."""
    processors = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    processor = processors.Qwen2VLImageProcessorPil(**PUBLISHED[family])
    pixels = np.zeros((height, width, 3), np.uint8)
    grid = processor(images=[pixels], return_tensors="np")["image_grid_thw"][0].tolist()
    assert list(FAMILIES[family].sizing.grid(height, width)) == grid


@pytest.mark.parametrize("bounds", [(3136, 200704), (3136, 1003520), (200704, 1003520)])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_smart_resize_with_other_bounds(height: int, width: int, bounds: tuple[int, int]) -> None:
    module = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    for factor in (28, 32):
        expected = module.smart_resize(height, width, factor, *bounds)
        assert smart_resize(height, width, factor, *bounds) == expected


def test_too_long_an_image_has_no_grid() -> None:
    with pytest.raises(SizeError):
        FAMILIES["qwen2_vl"].sizing.grid(10, 2001)


@pytest.mark.parametrize(("least", "most"), [(1, 12), (1, 6), (2, 9), (1, 1), (1, 40)])
def test_tiles_are_those_of_the_image_processor(least: int, most: int) -> None:
    processors = pytest.importorskip("transformers.models.got_ocr2.image_processing_pil_got_ocr2")
    processor = processors.GotOcr2ImageProcessorPil(
        size={"height": 448, "width": 448}, min_patches=least, max_patches=most
    )
    sizing = Tiles(tile=448, side=16, least=least, most=most)
    for height, width in SIZES:
        kwargs = {"crop_to_patches": True, "min_patches": least, "max_patches": most}
        expected = processor.get_number_of_image_patches(height, width, kwargs)
        assert sizing.grid(height, width) == (expected, 16, 16), (height, width)


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        # llava-1.5, with the class token in and out again; a model with SigLIP, which has none.
        (
            {
                "crop_size": {"height": 336, "width": 336},
                "patch_size": 14,
                "num_additional_image_tokens": 1,
                "vision_feature_select_strategy": "default",
            },
            576,
        ),
        (
            {
                "crop_size": {"height": 384, "width": 384},
                "patch_size": 14,
                "vision_feature_select_strategy": "full",
            },
            729,
        ),
        ({}, 576),
    ],
)
def test_fixed_tokens_of_llava(config: dict[str, Any], tokens: int) -> None:
    sizing = FAMILIES["llava"].sizing.configured(config)
    assert isinstance(sizing, Fixed)
    assert sizing.grid(1, 1) == sizing.grid(4000, 3) == (1, 1, tokens)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"min_pixels": 100, "max_pixels": 5000}, Patches(14, 2, 100, 5000)),
        ({"size": {"shortest_edge": 7, "longest_edge": 9}}, Patches(14, 2, 7, 9)),
        ({"patch_size": 16, "merge_size": 4}, Patches(16, 4, 3136, 12845056)),
        # The pixels of both keys: those of their own were what models had first.
        ({"size": {"shortest_edge": 7}, "min_pixels": 8}, Patches(14, 2, 8, 12845056)),
    ],
)
def test_a_models_own_settings_win(config: dict[str, Any], expected: Patches) -> None:
    assert FAMILIES["qwen2_5_vl"].sizing.configured(config) == expected
