"""LLaVA 1.5: every image is resized and cropped to one square, and is as many tokens.

Many tokenizers of other models have `<image>` too, so a tokenizer alone does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from agentdata.media.base import Grid, MediaFamily, Run


@dataclass(frozen=True, slots=True)
class Fixed:
    """`tokens` tokens, whatever the size."""

    tokens: int

    @property
    def patches_per_token(self) -> int:
        return 1

    def grid(self, height: int, width: int) -> Grid:
        return 1, 1, self.tokens

    def configured(self, config: Mapping[str, Any]) -> Self:
        """Source: `LlavaProcessor` of transformers."""
        crop, patch = config.get("crop_size"), config.get("patch_size")
        if not isinstance(crop, Mapping) or not patch:
            return self
        tokens = (crop["height"] // patch) * (crop["width"] // patch)
        tokens += config.get("num_additional_image_tokens") or 0
        return replace(
            self, tokens=tokens - (config.get("vision_feature_select_strategy") == "default")
        )


FAMILY = MediaFamily(
    name="llava",
    models="LLaVA 1.5 and others with a fixed number of tokens",
    runs={"image": Run("", "<image>")},
    sizing=Fixed(576),
    processors=("LlavaProcessor",),
)
