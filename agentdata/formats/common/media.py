"""Images, videos and audios of a row, and the marks that stand for them in its texts."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Literal

from agentdata.conversation import Media, Part
from agentdata.errors import RowError

MediaType = Literal["image", "video", "audio"]
COLUMNS: dict[str, MediaType] = {
    "images": "image",
    "image": "image",
    "videos": "video",
    "video": "video",
    "audios": "audio",
    "audio": "audio",
}
PART_TYPES: dict[str, MediaType] = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "video": "video",
    "video_url": "video",
    "audio": "audio",
    "audio_url": "audio",
    "input_audio": "audio",
}
_REF_KEYS = ("url", "path", "data", "file_id")
_MARK = re.compile(r"<(image|video|audio)>")


class MediaList:
    """The media of one row while it is read: filled from its columns and from message parts."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.items: list[Media] = []
        self._unplaced: dict[str, list[int]] = {"image": [], "video": [], "audio": []}
        for column, kind in () if COLUMNS.keys().isdisjoint(row) else COLUMNS.items():
            value = row.get(column)
            if value is None or value == "":
                continue
            for index, item in enumerate(value if isinstance(value, list) else [value]):
                self._unplaced[kind].append(self.add(kind, item, f"/{column}/{index}"))

    def add(self, kind: MediaType, value: Any, pointer: str) -> int:
        """Take one item in and return its index. Raises RowError `bad_media`."""
        self.items.append(Media(kind, _ref(value, kind, pointer)))
        return len(self.items) - 1

    def place(self, text: str) -> str | tuple[Part, ...]:
        """The text with each `<image>`-like mark as a part, as long as the columns hold items for
        them; the same text where none is left."""
        if not self.items or not any(self._unplaced.values()) or "<" not in text:
            return text
        parts: list[Part] = []
        end = 0
        for mark in _MARK.finditer(text):
            unplaced = self._unplaced[mark[1]]
            if not unplaced:
                continue
            if mark.start() > end:
                parts.append(Part("text", text[end : mark.start()]))
            index = unplaced.pop(0)
            parts.append(Part(self.items[index].type, media=index))
            end = mark.end()
        if not parts:
            return text
        if end < len(text):
            parts.append(Part("text", text[end:]))
        return tuple(parts)


def _ref(value: Any, kind: MediaType, pointer: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in _REF_KEYS:
            if isinstance(value.get(key), str) and value[key]:
                return str(value[key])
        if isinstance(value.get("bytes"), bytes):
            return f"data:{kind};base64,{base64.b64encode(value['bytes']).decode()}"
        for key in (*PART_TYPES, "source"):
            if isinstance(value.get(key), str | dict):
                return _ref(value[key], kind, pointer)
    raise RowError("bad_media", f"the {kind} has no path, URL or data", pointer=pointer)
