"""InternVL 2 to 3.5: an image is cut into tiles of about its aspect ratio, and a thumbnail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Self

from agentdata.media.base import Grid, MediaFamily, Run


@lru_cache
def _arrangements(least: int, most: int) -> tuple[tuple[int, int], ...]:
    """(columns, rows) of so many tiles, by their number."""
    sides = range(1, most + 1)
    found = [(wide, tall) for wide in sides for tall in sides if least <= wide * tall <= most]
    return tuple(sorted(found, key=lambda tiles: tiles[0] * tiles[1]))


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles of `tile` pixels squared, `side` times `side` tokens each."""

    tile: int
    side: int
    least: int
    most: int

    @property
    def patches_per_token(self) -> int:
        return 1

    def grid(self, height: int, width: int) -> Grid:
        """(tiles, side, side). Source: `dynamic_preprocess` of InternVL, as `GotOcr2ImageProcessor`
        of transformers has it: of arrangements equally near to the aspect ratio, a later one wins
        while the image has more than half of its pixels."""
        aspect, area = width / height, width * height
        best, nearest = (1, 1), float("inf")
        for columns, rows in _arrangements(self.least, self.most):
            distance = abs(aspect - columns / rows)
            large = area > 0.5 * self.tile * self.tile * columns * rows
            if distance < nearest or (distance == nearest and large):
                best, nearest = (columns, rows), distance
        tiles = best[0] * best[1]
        return tiles + (tiles > 1), self.side, self.side

    def configured(self, config: Mapping[str, Any]) -> Self:
        size = config.get("size") or {}
        tokens = config.get("image_seq_length") or self.side**2
        one = config.get("crop_to_patches") is False
        return replace(
            self,
            tile=size.get("height") or self.tile,
            side=round(tokens**0.5),
            least=1 if one else config.get("min_patches") or self.least,
            most=1 if one else config.get("max_patches") or self.most,
        )


FAMILY = MediaFamily(
    name="internvl",
    models="InternVL 2, 2.5, 3, 3.5",
    runs={"image": Run("<img>", "<IMG_CONTEXT>", "</img>")},
    sizing=Tiles(tile=448, side=16, least=1, most=12),
    # Its vocabularies are those of Qwen, with these on top.
    markers=("<img>", "<IMG_CONTEXT>", "</img>", "<quad>", "<ref>", "<box>"),
    processors=("InternVLProcessor",),
)
