"""What a family of models reads in the place of an image, video or audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

MediaType = Literal["image", "video", "audio"]
MediaMode = Literal["reference", "embed", "text"]
Grid = tuple[int, int, int]
"""(times, rows, columns) of patches, as `image_grid_thw` of image processors."""


class SizeError(ValueError):
    """An image of a size that the model's image processor refuses."""


class Sizing(Protocol):
    """How many patches an image becomes. Frozen plain data."""

    @property
    def patches_per_token(self) -> int: ...

    def grid(self, height: int, width: int) -> Grid:
        """The patches of an image of so many pixels. Raises SizeError."""
        ...

    def configured(self, config: Mapping[str, Any]) -> Self:
        """The same by the values of a model's `preprocessor_config.json`, `processor_config.json`
        laid over each other; what it does not name stays."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """The tokens of one item: `before`, `token` as often as its size asks for, `after`. Each is
    made of special tokens alone."""

    before: str
    token: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class MediaFamily:
    """Models that share an image processor.

    `runs` says what stands for an item of each type; types that are not in it are unknown to the
    family. `markers` are tokens that a tokenizer has if it is one of the family (of several
    families that fit, the one with the most markers is meant); none: a tokenizer alone cannot
    tell. `processors` are the names by which the files of a model call its processor.
    """

    name: str
    models: str
    runs: Mapping[MediaType, Run]
    sizing: Sizing
    markers: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()
