"""A prompt to one weight per character: which turns are trained, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from agentdata.conversation import Conversation
from agentdata.loss_scale.rules import Rules
from agentdata.loss_scale.spec import LossScale, Strategy
from agentdata.loss_scale.trace import Rule, Step, Steps, Trace
from agentdata.templates.prompt import Kind, Prompt, Segment
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
    spans: list[_Span] = []
    segments = prompt.segments
    last_asked = len(segments) - 1
    while last_asked >= 0 and segments[last_asked].kind not in _ASKED:
        last_asked -= 1
    query: str | None = None
    asked: list[str] = []
    end = 0
    while end < len(segments):
        start, first = end, segments[end]
        end = _end_of_piece(segments, start)
        text = first.text
        if end > start + 1:
            text = "".join([segment.text for segment in segments[start:end]])
        if first.kind is Kind.END_OF_TURN:
            spans += _end_of_turn(text, spans, end == len(segments), loss_scale)
        elif first.trainable:
            if asked:
                query, asked = "".join(asked), []
            in_last_round = start > last_asked
            spans += _written(text, first.message, conversation, loss_scale, in_last_round, query)
        else:
            for segment in segments[start:end]:
                if segment.kind is Kind.USER:
                    asked.append(segment.text)
                elif segment.kind is Kind.TOOL_RESULT:
                    query, asked = None, []
            spans += (
                _chain(text, loss_scale.rules, None, _strategy(loss_scale.strategy, True))
                if loss_scale.strategy is Strategy.ALL
                else [(len(text), 0.0, _GIVEN)]
            )
    if trace is not None:
        end = 0
        for length, _, steps in spans:
            end += length
            trace.add(end, steps)
    return _runs(spans)


_ASKED = (Kind.USER, Kind.TOOL_RESULT)
_GIVEN = (Step(Rule.GIVEN, 0.0),)


@lru_cache
def _strategy(strategy: Strategy, trained: bool) -> Steps:
    return (Step(Rule.STRATEGY, float(trained), "", strategy.value),)


def _end_of_piece(segments: Sequence[Segment], start: int) -> int:
    """Where that ends which is weighed as one text with the segment at `start`: what the model
    wrote for one message, calls apart; ends of turns; or what it did not write."""
    first = segments[start]
    ends, calls = first.kind is Kind.END_OF_TURN, first.kind is Kind.TOOL_CALL
    end = start + 1
    while end < len(segments):
        segment = segments[end]
        if (segment.kind is Kind.END_OF_TURN) is not ends:
            break
        if not ends and segment.trainable is not first.trainable:
            break
        same = segment.message == first.message and (segment.kind is Kind.TOOL_CALL) is calls
        if not ends and first.trainable and not same:
            break
        end += 1
    return end


def _written(
    text: str,
    message: int | None,
    conversation: Conversation,
    loss_scale: LossScale,
    in_last_round: bool,
    query: str | None,
) -> Sequence[_Span]:
    loss = scale = None
    if message is not None:
        loss = conversation.messages[message].loss
        scale = conversation.messages[message].loss_scale
    trained = loss
    if trained is None:
        trained = loss_scale.strategy is not Strategy.LAST_ROUND or in_last_round
        steps = _strategy(loss_scale.strategy, trained)
    else:
        steps = (Step(Rule.MESSAGE_LOSS, float(trained)),)
    if not trained:
        return [(len(text), 0.0, steps)]
    if scale is not None:
        return [(len(text), scale, (*steps, Step(Rule.MESSAGE_LOSS_SCALE, scale)))]
    return _chain(text, loss_scale.rules, query, steps)


def _end_of_turn(
    text: str, before: Sequence[_Span], is_last: bool, loss_scale: LossScale
) -> Sequence[_Span]:
    if is_last or loss_scale.strategy is Strategy.ALL:
        return _chain(text, loss_scale.rules, None, _strategy(loss_scale.strategy, True))
    before_it = next((weight for length, weight, _ in reversed(before) if length), 0.0)
    weight = 1.0 if before_it > 0 else 0.0
    return [(len(text), weight, (Step(Rule.END_OF_TURN, weight),))]


def _chain(text: str, rules: tuple[Rules, ...], query: str | None, steps: Steps) -> list[_Span]:
    """The product of the weights of all rules; `steps` are what sets the weight to 1 before."""
    spans = [(len(text), 1.0, steps)]
    for rule in rules:
        spans = _apply(text, spans, rule, query)
    return spans


def _apply(text: str, spans: list[_Span], rule: Rules, query: str | None) -> list[_Span]:
    out: list[_Span] = []
    start = 0
    for length, weight, steps in spans:
        if length:
            out += [
                (part, weight * step.weight, (*steps, step))
                for part, step in rule.spans(text[start : start + length], query)
            ]
        start += length
    return out


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
