"""Media in a prompt: stand-ins in the texts before it is rendered, tokens in their place after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.loss_scale import Weights
from agentdata.templates.prompt import Kind, Prompt, Segment

# Plane 15 private use: never assigned. One character for each item of a row; the guard of special
# tokens takes those of plane 16.
_FIRST, _LAST = 0xF0000, 0xFFFFD


def with_stand_ins(conversation: Conversation) -> Conversation:
    """The conversation with every part that is an item of media as one character of text.

    Raises RowError `private_use_character` where a text holds such characters itself,
    `media_mismatch` where a row has more items than there are.
    """
    if len(conversation.media) > _LAST - _FIRST:
        raise RowError("media_mismatch", "the row has more media than can be told apart")
    return replace(conversation, messages=tuple(map(_with_stand_ins, conversation.messages)))


def _with_stand_ins(message: Message) -> Message:
    parts = message.content
    if isinstance(parts, str):
        _check(parts)
        return message
    for part in parts:
        _check(part.text)
    pieces = (part.text if part.media is None else chr(_FIRST + part.media) for part in parts)
    return replace(message, content="".join(pieces))


def _check(text: str) -> None:
    for _ in _stand_ins(text):
        raise RowError(
            "private_use_character", "the row has media and a private-use character of plane 15"
        )


def items_in(conversation: Conversation) -> list[int]:
    """The items whose stand-ins its messages hold, in order."""
    texts = (m.content for m in conversation.messages if isinstance(m.content, str))
    return [item for text in texts for _, item in _stand_ins(text)]


def _stand_ins(text: str) -> Iterator[tuple[int, int]]:
    """(place, item) of each stand-in in a text."""
    # Nearly all text is below plane 15, which its largest character tells at once.
    if text and max(text) >= chr(_FIRST):
        for place, character in enumerate(text):
            if _FIRST <= ord(character) <= _LAST:
                yield place, ord(character) - _FIRST


@dataclass(frozen=True, slots=True)
class Found:
    """Characters [start, end) of a prompt, within one segment, that stand for an item."""

    start: int
    end: int
    item: int


def stand_ins(prompt: Prompt) -> list[Found]:
    """Where the stand-ins of `with_stand_ins` have come to."""
    found = []
    start = 0
    for segment in prompt.segments:
        found += [
            Found(start + place, start + place + 1, item)
            for place, item in _stand_ins(segment.text)
        ]
        start += len(segment.text)
    return found


@dataclass(frozen=True, slots=True)
class Expanded:
    """A prompt with its media in place. `spans` int64[k, 2] are their characters, in order."""

    prompt: Prompt
    weights: Weights
    spans: npt.NDArray[np.int64]
    _ends: npt.NDArray[np.int64]
    _moves: npt.NDArray[np.int64]

    def shifted(self, position: int) -> int:
        """Where a place between two characters of the prompt before has come to."""
        return position + int(self._moves[np.searchsorted(self._ends, position, side="right")])


def expand(
    prompt: Prompt, weights: Weights, found: Sequence[Found], texts: Sequence[tuple[str, bool]]
) -> Expanded:
    """The prompt and its weights with `texts` in the place of what was `found`, in this order.

    A text comes with whether special tokens in it are such. It weighs nothing, and is of the kind
    `media`.
    """
    segments: list[Segment] = []
    waiting = list(zip(found, texts, strict=True))[::-1]
    start = 0
    for segment in prompt.segments:
        done, end = start, start + len(segment.text)
        while waiting and waiting[-1][0].start < end:
            place, (text, control) = waiting.pop()
            if place.start > done:
                before = segment.text[done - start : place.start - start]
                segments.append(replace(segment, text=before))
            segments.append(Segment(text, Kind.MEDIA, segment.message, control=control))
            done = place.end
        if done == start:
            segments.append(segment)
        elif done < end:
            segments.append(replace(segment, text=segment.text[done - start :]))
        start = end
    old = np.array([(place.start, place.end) for place in found], np.int64).reshape(-1, 2)
    new = np.array([len(text) for text, _ in texts], np.int64)
    moves = np.concatenate([[0], np.cumsum(new - (old[:, 1] - old[:, 0]))])
    starts = old[:, 0] + moves[:-1]
    return Expanded(
        replace(prompt, segments=tuple(segments)),
        _weights(weights, old, moves),
        np.stack([starts, starts + new], axis=1),
        old[:, 1],
        moves,
    )


def _weights(
    weights: Weights, spans: npt.NDArray[np.int64], moves: npt.NDArray[np.int64]
) -> Weights:
    """The runs of weights with each span as a run of its own, of weight 0."""
    ends = np.setdiff1d(np.union1d(weights.ends, spans), [0])
    # A run that ends within a span is part of what goes.
    inside = np.searchsorted(spans[:, 0], ends, side="left") > np.searchsorted(
        spans[:, 1], ends, side="right"
    )
    ends = ends[~inside]
    values = weights.values[np.searchsorted(weights.ends, ends, side="left")].copy()
    values[np.searchsorted(ends, spans[:, 1])] = 0.0
    return Weights(ends + moves[np.searchsorted(spans[:, 1], ends, side="right")], values)
