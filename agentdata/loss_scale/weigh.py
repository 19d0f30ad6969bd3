"""A prompt to one weight per character: which turns are trained, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agentdata.conversation import Conversation, Message
from agentdata.loss_scale.rules import Rules
from agentdata.loss_scale.spec import LossScale, Strategy
from agentdata.loss_scale.trace import Rule, Step, Steps, Trace
from agentdata.templates.prompt import END_OF_TURN, TOOL_CALL, TOOL_RESULT, USER, Prompt, Segment
from agentdata.values import value


@value
class Weights:
    """A weight for every character, as runs.

    `ends` int64[k], rising, is the end of each run in characters; `values` float32[k] its weight.
    Weight 0 means no label.
    """

    ends: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


_Span = tuple[int, float, Steps]
"""A length in characters, the weight of that many characters, and what set it."""


def weigh(
    prompt: Prompt,
    conversation: Conversation,
    loss_scale: LossScale,
    trace: Trace | None = None,
) -> Weights:
    """The weights of a prompt's characters; `trace` is told what set each of them.

    What the model writes (trainable segments) is weighed message by message by the rules, unless
    the message carries its own `loss` or `loss_scale`. The end of a turn inside the conversation
    weighs 1 where the text before it is trained, the last one is weighed like text of its own.
    Source: ms-swift's semantics, held to by the parity suite.
    """
    rules, is_all = loss_scale.rules, loss_scale.strategy is Strategy.ALL
    trained = _BY_STRATEGY[loss_scale.strategy, True]
    spans: list[_Span] = []
    segments = prompt.segments
    count = len(segments)
    last_round = _last_round(segments) if loss_scale.strategy is Strategy.LAST_ROUND else 0
    query: str | None = None
    asked: list[str] = []
    end = 0
    while end < count:
        start, first = end, segments[end]
        if not first.trainable and first.kind is not END_OF_TURN:
            length = 0
            while end < count:
                segment = segments[end]
                kind = segment.kind
                if segment.trainable or kind is END_OF_TURN:
                    break
                length += len(segment.text)
                if kind is USER:
                    asked.append(segment.text)
                elif kind is TOOL_RESULT:
                    query, asked = None, []
                end += 1
            if is_all:
                spans += _chain(_text(segments, start, end), rules, None, trained)
            else:
                spans.append((length, 0.0, _GIVEN))
            continue
        end = _end_of_piece(segments, start)
        text = _text(segments, start, end)
        if first.kind is END_OF_TURN:
            if is_all or end == count:
                spans += _chain(text, rules, None, trained)
            else:
                spans.append((len(text), *_end_of_turn(spans)))
        else:
            if asked:
                query, asked = "".join(asked), []
            message = None if first.message is None else conversation.messages[first.message]
            spans += _written(text, message, loss_scale, start >= last_round, query)
    if trace is not None:
        end = 0
        for length, _, steps in spans:
            end += length
            trace.add(end, steps)
    return _runs(spans)


_ASKED = (USER, TOOL_RESULT)
_GIVEN = (Step(Rule.GIVEN, 0.0),)
_END_OF_TURN = tuple([(weight, (Step(Rule.END_OF_TURN, weight),)) for weight in (0.0, 1.0)])
_BY_STRATEGY = {
    (strategy, trained): (Step(Rule.STRATEGY, float(trained), "", strategy.value),)
    for strategy in Strategy
    for trained in (False, True)
}


def _last_round(segments: Sequence[Segment]) -> int:
    """Where what stands behind the last user message or tool result begins."""
    start = len(segments)
    while start and segments[start - 1].kind not in _ASKED:
        start -= 1
    return start


def _end_of_piece(segments: Sequence[Segment], start: int) -> int:
    """Where that ends which is weighed as one text with the segment at `start`: what the model
    wrote for one message, calls apart; or ends of turns."""
    first, end = segments[start], start + 1
    ends, calls = first.kind is END_OF_TURN, first.kind is TOOL_CALL
    while end < len(segments):
        segment = segments[end]
        kind = segment.kind
        if (kind is END_OF_TURN) is not ends:
            break
        if not ends and (
            not segment.trainable
            or segment.message != first.message
            or (kind is TOOL_CALL) is not calls
        ):
            break
        end += 1
    return end


def _text(segments: Sequence[Segment], start: int, end: int) -> str:
    if end == start + 1:
        return segments[start].text
    return "".join([segment.text for segment in segments[start:end]])


def _written(
    text: str,
    message: Message | None,
    loss_scale: LossScale,
    by_strategy: bool,
    query: str | None,
) -> Sequence[_Span]:
    if message is None or message.loss is None:
        trained = by_strategy
        steps = _BY_STRATEGY[loss_scale.strategy, trained]
    else:
        trained = message.loss
        steps = (Step(Rule.MESSAGE_LOSS, float(trained)),)
    if not trained:
        return ((len(text), 0.0, steps),)
    if message is not None and (scale := message.loss_scale) is not None:
        return ((len(text), scale, (*steps, Step(Rule.MESSAGE_LOSS_SCALE, scale))),)
    return _chain(text, loss_scale.rules, query, steps)


def _end_of_turn(before: Sequence[_Span]) -> tuple[float, Steps]:
    """The weight of an end of turn behind these spans, and what set it."""
    for length, weight, _ in reversed(before):
        if length:
            return _END_OF_TURN[weight > 0]
    return _END_OF_TURN[False]


def _chain(text: str, rules: tuple[Rules, ...], query: str | None, steps: Steps) -> Sequence[_Span]:
    """The product of the weights of all rules; `steps` are what sets the weight to 1 before."""
    spans: Sequence[_Span] = ((len(text), 1.0, steps),)
    for rule in rules:
        out: list[_Span] = []
        start = 0
        for length, weight, before in spans:
            if length:
                for part, step in rule.spans(text[start : start + length], query):
                    out.append((part, weight * step.weight, (*before, step)))
            start += length
        spans = out
    return spans


def _runs(spans: Sequence[_Span]) -> Weights:
    """Spans as runs: neighbours of one weight joined, empty ones gone."""
    ends: list[int] = []
    values: list[float] = []
    position = 0
    for length, weight, _ in spans:
        position += length
        if not length:
            continue
        if values and values[-1] == weight:
            ends[-1] = position
        else:
            ends.append(position)
            values.append(weight)
    return Weights(np.array(ends, np.int64), np.array(values, np.float32))
