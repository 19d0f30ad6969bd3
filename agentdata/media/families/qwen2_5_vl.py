"""Qwen2.5-VL: patches of 14 pixels, four of them to a token.

Pixels at least and at most: the preprocessor_config.json of the published models.
"""

from agentdata.media.base import MediaFamily, Run
from agentdata.media.patches import Patches

FAMILY = MediaFamily(
    name="qwen2_5_vl",
    models="Qwen2.5-VL",
    runs={
        "image": Run("<|vision_start|>", "<|image_pad|>", "<|vision_end|>"),
        "video": Run("<|vision_start|>", "<|video_pad|>", "<|vision_end|>"),
    },
    sizing=Patches(patch=14, merge=2, min_pixels=4 * 28 * 28, max_pixels=16384 * 28 * 28),
    markers=("<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "<tool_call>"),
    processors=("Qwen2VLImageProcessor", "Qwen2_5_VLProcessor"),
)
