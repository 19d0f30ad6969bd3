"""Adds up what rows that are written count."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agentdata.conversation import Conversation
from agentdata.example import KINDS, Example, Rendered
from agentdata.loss_scale import Weights
from agentdata.shards.manifest import Tally
from agentdata.templates import Kind, Prompt
from agentdata.templates.prompt import END_OF_TURN, HEADER
from agentdata.tokenization import Encoder
from agentdata.tool_tokens import ToolTokens

_TOOLS = KINDS.index(Kind.TOOLS)


class Tallier:
    """Adds up what rows that are written count."""

    def __init__(self, encoder: Encoder) -> None:
        self._tally = Tally()
        self._tool_tokens = ToolTokens(encoder)
        # Plain counters: each change of a field of a model is checked.
        self._lengths: Counter[int] = self._tally.lengths
        self._tool_section: Counter[int] = self._tally.tool_section
        self._tool_share: Counter[int] = self._tally.tool_share
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._weight_sum = 0.0
        self._kinds = np.zeros(len(KINDS), np.int64)
        self._trained_kinds = np.zeros(len(KINDS), np.int64)

    def add(self, rows: Sequence[tuple[Rendered, list[Example]]]) -> None:
        """Count rows, each with what is written of it."""
        counts = self._counts
        pieces = [piece for _, kept in rows for piece in kept]
        if not pieces:
            return
        lengths = [len(piece.input_ids) for piece in pieces]
        kinds = np.concatenate([piece.kinds for piece in pieces])
        weights = np.concatenate([piece.loss_weights for piece in pieces])
        counts["rows"] += len(pieces)
        counts["tokens"] += sum(lengths)
        counts["straddling_tokens"] += sum(piece.straddling for piece in pieces)
        self._lengths.update(lengths)
        self._weight_sum += float(weights.sum(dtype=np.float64))
        starts = np.cumsum([0, *lengths[:-1]])
        tools = np.add.reduceat(kinds == _TOOLS, starts, dtype=np.int64).tolist()
        self._tool_section.update(tools)
        self._tool_share.update(
            round(100 * part / length) for part, length in zip(tools, lengths, strict=True)
        )
        self._kinds += _per_kind(kinds)
        self._trained_kinds += _per_kind(kinds[weights > 0])
        for row, _ in rows:
            turns, stopped = _turns(row.prompt, row.weights)
            counts["trained_turns"] += turns
            counts["stop_weighted_turns"] += stopped

    def add_whole(self, lengths: Sequence[int]) -> None:
        """Count rows as they are before any is cut or left out."""
        self._counts["whole_rows"] += len(lengths)
        self._counts["whole_tokens"] += sum(lengths)

    def add_conversation(self, conversation: Conversation) -> None:
        """Count a conversation, however many rows it is written as."""
        tally = self._tally
        tally.tools_per_row[len(conversation.tools)] += 1
        calls = [call.name for message in conversation.messages for call in message.tool_calls]
        tally.calls_per_row[len(calls)] += 1
        for call in calls:
            tally.tool_calls[call] += 1
        self._tool_tokens.count(conversation.tools, tally)

    def tally(self) -> Tally:
        """All that was added."""
        update = {
            **self._counts,
            "weight_sum": self._weight_sum,
            "kinds": _by_kind(self._kinds),
            "trained_kinds": _by_kind(self._trained_kinds),
            "trained_tokens": int(self._trained_kinds.sum()),
        }
        return self._tally.model_copy(update=update, deep=True)


_COUNTED = (
    "rows",
    "tokens",
    "straddling_tokens",
    "trained_turns",
    "stop_weighted_turns",
    "whole_rows",
    "whole_tokens",
)


def _per_kind(kinds: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    # So few values are counted sooner one by one than by `bincount`.
    return np.array([np.count_nonzero(kinds == number) for number in range(len(KINDS))], np.int64)


def _by_kind(counts: npt.NDArray[np.int64]) -> Counter[str]:
    return Counter({kind.value: n for kind, n in zip(KINDS, counts.tolist(), strict=True) if n})


def _turns(prompt: Prompt, weights: Weights) -> tuple[int, int]:
    """(turns of the model with any weight, those whose end of turn carries weight)."""
    turns = stopped = start = 0
    trained = False
    ends, weighty = weights.ends.tolist(), (weights.values > 0).tolist()
    for segment, end in zip(prompt.segments, prompt.ends, strict=True):
        is_end = segment.kind is END_OF_TURN
        if is_end or segment.trainable:
            first = bisect_right(ends, start)
            if start < end:
                weighted = True in weighty[first : bisect_left(ends, end, first) + 1]
            else:
                # A segment without text has the weight of the run around it, if it is in one.
                inside = first < len(ends) and not (first and ends[first - 1] == start)
                weighted = inside and weighty[first]
            if is_end:
                turns += trained
                stopped += trained and weighted
                trained = False
            else:
                trained |= weighted
        elif trained and segment.kind is HEADER:
            # The turn had no end of its own.
            turns += 1
            trained = False
        start = end
    return turns + trained, stopped
