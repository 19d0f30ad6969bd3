"""Qwen3-VL: patches of 16 pixels, four of them to a token.

Pixels at least and at most: the preprocessor_config.json of the published models.
"""

from agentdata.media.base import MediaFamily, Run
from agentdata.media.patches import Patches

FAMILY = MediaFamily(
    name="qwen3_vl",
    models="Qwen3-VL",
    runs={
        "image": Run("<|vision_start|>", "<|image_pad|>", "<|vision_end|>"),
        "video": Run("<|vision_start|>", "<|video_pad|>", "<|vision_end|>"),
    },
    sizing=Patches(patch=16, merge=2, min_pixels=64 * 32 * 32, max_pixels=16384 * 32 * 32),
    markers=("<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "<tool_call>", "<think>"),
    processors=("Qwen2VLImageProcessor", "Qwen3VLProcessor"),
)
