"""The media of one row: found, measured, and put in the place of what stands for them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agentdata.conversation import Conversation, Media
from agentdata.errors import RowError, UsageError
from agentdata.loss_scale import Weights
from agentdata.media.base import Grid, MediaMode, MediaType, SizeError
from agentdata.media.choose import MediaInfo, choose_family
from agentdata.media.files import Located, locate, read
from agentdata.media.headers import image_size
from agentdata.media.marks import marks, writes_marks
from agentdata.media.place import Expanded, expand, items_in, stand_ins
from agentdata.media.places import all_placed, check_marks, placed
from agentdata.templates.prompt import Prompt
from agentdata.templates.template import PromptTemplate
from agentdata.tokenization import Encoder

MEDIA_AS_TEXT = "media_as_text"
"""Warning: media of a row are in the shards as the text `<image>` alone."""
_REMEMBERED = 1 << 14


@dataclass(frozen=True, slots=True)
class Item:
    """One item in a row of a shard. `path` is a file or a URL, "" where only `data` holds it;
    `grid` is None where no size was asked for. `tokens` counts those that stand for a piece of
    it; `token_id` is their id."""

    type: MediaType
    path: str
    data: bytes | None
    grid: Grid | None
    tokens: int
    token_id: int


@dataclass(frozen=True, slots=True)
class Placed:
    """The items of a prompt in order, and the characters int64[k, 2] that stand for each."""

    items: tuple[Item, ...]
    spans: npt.NDArray[np.int64]


class Desk:
    """Takes the media of rows in, one row after the other, with the settings of a run."""

    def __init__(
        self,
        mode: MediaMode,
        info: MediaInfo | None,
        root: Path | None,
        *,
        fetch: bool,
        template_marks: bool,
    ) -> None:
        self.mode, self.info, self.root, self.fetch = mode, info, root, fetch
        self.template_marks = template_marks
        """Whether the template writes a token for an image by itself."""
        self._sizes: OrderedDict[Path, tuple[int, int]] = OrderedDict()

    def prepared(self, conversation: Conversation, folder: Path) -> tuple[Conversation, RowMedia]:
        """The conversation with a place for each of its media, and these. `folder` is that of the
        data's file, for paths where the run has no root.

        Raises RowError: `media_unsupported`, `media_mismatch`, `media_missing`,
        `media_outside_root`, `media_not_fetched`, `media_corrupt`, `media_too_large`,
        `media_size`.
        """
        if self.mode == "text":
            with suppress(RowError):
                conversation = all_placed(conversation)
            conversation = replace(conversation, warnings=(*conversation.warnings, MEDIA_AS_TEXT))
            return conversation, RowMedia(conversation.media, (), as_text=True)
        self._check_types(conversation.media)
        check_marks(conversation)
        conversation = all_placed(conversation)
        root = self.root or folder
        items = tuple(
            self._item(item, f"/media/{number}", root)
            for number, item in enumerate(conversation.media)
        )
        return conversation, RowMedia(conversation.media, items)

    def _check_types(self, media: Sequence[Media]) -> None:
        for kind in dict.fromkeys(item.type for item in media):
            if self.info is None:
                raise RowError(
                    "media_unsupported",
                    f"the row has media ({kind}), and the tokenizer is of no known family with any",
                    remedy="--media-family names one, --media text keeps the text <image> instead",
                )
            if kind not in self.info.ids:
                raise RowError(
                    "media_unsupported",
                    f"{self.info.family.name} has no token for {kind}",
                    remedy=f"--media text keeps the text <{kind}> instead",
                )
            if kind != "image" and kind not in self.info.fixed:
                raise RowError(
                    "media_unsupported",
                    f"the number of tokens of {kind} is not known from its header",
                    remedy=f"--media-tokens {kind}=N gives each one N, --media text keeps the text "
                    f"<{kind}> instead",
                )

    def _item(self, item: Media, pointer: str, root: Path) -> Item:
        assert self.info is not None
        try:
            located = locate(item.ref, root, fetch=self.fetch)
            grid: Grid | None = None
            if item.type == "image":
                height, width = self._size(located)
                grid = self.info.family.sizing.grid(height, width)
                tokens = grid[0] * grid[1] * grid[2] // self.info.family.sizing.patches_per_token
            else:
                tokens = self.info.fixed[item.type]
            data = located.data
            # A video may be larger than memory, so it stays where it is.
            if self.mode == "embed" and data is None and item.type != "video":
                assert located.path is not None
                data = read(located.path)
            elif self.mode == "reference" and located.url:
                data = None
        except SizeError as error:
            raise RowError("media_size", str(error), pointer=pointer) from None
        except RowError as error:
            raise RowError(
                error.code, error.message, pointer=pointer, remedy=error.remedy
            ) from None
        path = located.url or (str(located.path) if located.path else "")
        return Item(item.type, path, data, grid, tokens, self.info.ids[item.type])

    def _size(self, located: Located) -> tuple[int, int]:
        if located.path is None:
            assert located.data is not None
            return image_size(located.data)
        size = self._sizes.get(located.path)
        if size is None:
            size = self._sizes[located.path] = image_size(located.path)
            if len(self._sizes) > _REMEMBERED:
                self._sizes.popitem(last=False)
        return size

    def put(self, prompt: Prompt, weights: Weights, media: RowMedia, row: Conversation) -> Put:
        """The prompt of `row`, or a beginning of it, with its media in the place of stand-ins, or
        of the template's own tokens where the row has none.

        Raises RowError `media_mismatch` where the template left one out or wrote one twice.
        """
        expected = items_in(row)
        if not expected and self.info is not None and placed(row):
            expected = placed(row)
            found = marks(prompt, row, self.info.family.runs)
        else:
            found = stand_ins(prompt)
        numbers = [place.item for place in found]
        if media.as_text:
            texts = [(f"<{media.media[number].type}>", False) for number in numbers]
            return Put(expand(prompt, weights, found, texts), None)
        if Counter(numbers) != Counter(expected):
            raise RowError(
                "media_mismatch",
                f"of {len(expected)} media the template wrote {len(numbers)}",
                remedy="choose another --template, or --media text",
            )
        assert self.info is not None
        items = tuple(media.items[number] for number in numbers)
        texts = [(self._text(item), True) for item in items]
        expanded = expand(prompt, weights, found, texts)
        return Put(expanded, Placed(items, expanded.spans))

    def _text(self, item: Item) -> str:
        assert self.info is not None
        run = self.info.family.runs[item.type]
        return run.before + run.token * item.tokens + run.after


@dataclass(frozen=True, slots=True)
class RowMedia:
    """The media of one row, measured. `as_text`: only their places are kept."""

    media: tuple[Media, ...]
    items: tuple[Item, ...]
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """A prompt with its media in place; `placed` is None where they are text."""

    expanded: Expanded
    placed: Placed | None


def open_desk(
    encoder: Encoder,
    template: PromptTemplate,
    *,
    mode: MediaMode,
    family: str,
    root: str | None,
    tokens: Mapping[MediaType, int],
    min_pixels: int | None,
    max_pixels: int | None,
    fetch: bool,
) -> Desk:
    """A desk with the settings of a run. Raises UsageError as `choose_family` does, and
    `bad_option` for a root that is no folder."""
    if root is not None and not Path(root).is_dir():
        raise UsageError("bad_option", f"--media-root {root}: there is no such folder")
    info = None
    if mode != "text":
        info = choose_family(
            family, encoder, tokens=tokens, min_pixels=min_pixels, max_pixels=max_pixels
        )
    own = info is not None and writes_marks(template, info.family.runs["image"])
    folder = Path(root) if root is not None else None
    return Desk(mode, info, folder, fetch=fetch, template_marks=own)
