"""Image sizes to grids of patches, by the resize rule of Qwen's vision models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from agentdata.media.base import Grid, SizeError

MAX_ASPECT_RATIO = 200


def smart_resize(
    height: int, width: int, factor: int, min_pixels: int, max_pixels: int
) -> tuple[int, int]:
    """The (height, width) to which an image is resized: multiples of `factor`, with at least
    `min_pixels` and at most `max_pixels`, and about the same aspect ratio.

    Raises SizeError where one side is more than 200 times the other. Source: qwen-vl-utils and
    `Qwen2VLImageProcessor` of transformers.

    >>> smart_resize(1080, 1920, 28, 56 * 56, 1280 * 28 * 28)
    (728, 1316)
    """
    if max(height, width) / min(height, width) > MAX_ASPECT_RATIO:
        raise SizeError(f"one side is more than {MAX_ASPECT_RATIO} times the other")
    tall, wide = round(height / factor) * factor, round(width / factor) * factor
    if tall * wide > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        tall = max(factor, math.floor(height / beta / factor) * factor)
        wide = max(factor, math.floor(width / beta / factor) * factor)
    elif tall * wide < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        tall = math.ceil(height * beta / factor) * factor
        wide = math.ceil(width * beta / factor) * factor
    return tall, wide


@dataclass(frozen=True, slots=True)
class Patches:
    """Patches of `patch` pixels squared, `merge` times `merge` of them to a token."""

    patch: int
    merge: int
    min_pixels: int
    max_pixels: int

    @property
    def patches_per_token(self) -> int:
        return self.merge**2

    def grid(self, height: int, width: int) -> Grid:
        tall, wide = smart_resize(
            height, width, self.patch * self.merge, self.min_pixels, self.max_pixels
        )
        return 1, tall // self.patch, wide // self.patch

    def configured(self, config: Mapping[str, Any]) -> Self:
        size = config.get("size") or {}
        # transformers took the pixels out of two keys of their own and into `size`.
        least = config.get("min_pixels") or size.get("shortest_edge")
        most = config.get("max_pixels") or size.get("longest_edge")
        return replace(
            self,
            patch=config.get("patch_size") or self.patch,
            merge=config.get("merge_size") or self.merge,
            min_pixels=least or self.min_pixels,
            max_pixels=most or self.max_pixels,
        )

    def bounded(self, min_pixels: int | None, max_pixels: int | None) -> Self:
        """The same with other bounds of the pixels, where they are given."""
        return replace(
            self,
            min_pixels=min_pixels or self.min_pixels,
            max_pixels=max_pixels or self.max_pixels,
        )
