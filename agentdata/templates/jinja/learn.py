"""Learns a template's ways from samples: the form of its data, the marks of the model's turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.templates.jinja.limits import LIMIT
from agentdata.templates.jinja.losses import check_nothing_lost, shows_reasoning
from agentdata.templates.jinja.marks import NAMED_THINKING, Marks, last_mark
from agentdata.templates.jinja.messages import Forms
from agentdata.templates.jinja.origin import Field
from agentdata.templates.jinja.samples import CALLING, PLAIN, REASONING, THINKING
from agentdata.templates.jinja.spans import Part, Span
from agentdata.templates.jinja.turns import MARK, find_turns

Rendered = tuple[str, Sequence[Span]]
Renderer = Callable[[Conversation, Forms], Rendered]


def learn_forms(render: Renderer) -> Forms:
    """The form of data in which the template shows the most samples whole; of equals, the first
    in the order of `Forms`' choices. Raises RowError `template_error` or `template_limit` where it
    renders no sample at all."""
    best, most = Forms(), -1
    faults: list[RowError] = []
    for content in ("text", "parts"):
        plain = sum(
            _shown_whole(render, sample, Forms(content=content), faults) for sample in PLAIN
        )
        if content == "parts" and plain <= sum(
            _shown_whole(render, sample, best, faults) for sample in PLAIN
        ):
            break  # no gain: parts are for templates that take nothing else
        for forms in _candidates(content):
            count = plain + sum(_shown_whole(render, sample, forms, faults) for sample in CALLING)
            if count > most:
                best, most = forms, count
            if count == len(PLAIN + CALLING):
                break
    if not most and len(faults) >= len(PLAIN + CALLING):
        raise faults[0]
    for reasoning in ("fields", "content"):
        forms = replace(best, reasoning=reasoning)
        if _shows_thinking(render, forms):
            return forms
    return best


def learn_marks(
    render: Callable[[Conversation], Rendered], special: Sequence[str], written: Sequence[str]
) -> Marks:
    """The marks of a template. `special` are the tokenizer's special tokens, `written` those that
    the template is given by name."""
    stops: list[str] = []
    following: list[str] = []
    plain_stops = False
    for sample in (*PLAIN, *CALLING, *REASONING):
        try:
            text, spans = render(sample)
        except RowError:
            continue
        roles = [message.role for message in sample.messages]
        turns = find_turns(text, spans, roles, stops)
        # The last turn first: a template may end it in a way of its own.
        for turn in reversed(turns):
            if turn.empty:
                continue
            calls = bool(sample.messages[turn.message].tool_calls)
            near, far = text[turn.end : turn.near], text[turn.near : turn.edge]
            if any(stop in near for stop in stops):
                continue
            mark = last_mark(near, text[turn.before : turn.end], special, written)
            if mark is None and not calls:
                # A stop that is no mark by its looks, or one written after all turns.
                first = MARK.match(far.lstrip())
                mark = near.strip() or (first.group() if first else None)
            if mark:
                stops += [mark] if mark not in stops else []
                plain_stops |= not calls
            match = MARK.match(text[turn.edge : turn.after].lstrip())
            if match and match.group() not in following:
                following.append(match.group())
    return Marks(
        stops=tuple(stops),
        next_marks=() if plain_stops else tuple(following),
        thinking=_thinking_marks(render),
    )


def _thinking_marks(render: Callable[[Conversation], Rendered]) -> tuple[str, str] | None:
    """What stands before and after the reasoning of a sample."""
    try:
        text, spans = render(REASONING[0])
    except RowError:
        return None
    for index, span in enumerate(spans):
        if span.origin.field is not Field.REASONING or span.part is not Part.OWN:
            continue
        before = after = index
        while before > 0 and spans[before - 1].part is Part.FRAME:
            before -= 1
        while after + 1 < len(spans) and spans[after + 1].part is Part.FRAME:
            after += 1
        frame = text[spans[before].start : span.start]
        marks = list(MARK.finditer(frame))
        opening = frame[marks[-1].start() :] if marks else frame
        return opening, text[span.end : spans[after].end]
    return None


def _candidates(content: Any) -> Iterator[Forms]:
    choices: tuple[tuple[Any, ...], ...] = (
        ("given", "nine", "functions"),
        ("object", "json"),
        ("empty", "null", "absent"),
        ("wrapped", "bare"),
    )
    for ids, arguments, silent, tools in product(*choices):
        yield Forms(
            arguments=arguments,
            silent=silent,
            content=content,
            tools=tools,
            ids=ids,
        )


def _shown_whole(
    render: Renderer, sample: Conversation, forms: Forms, faults: list[RowError]
) -> bool:
    try:
        text, spans = render(sample, forms)
    except RowError as error:
        if error.code == LIMIT:
            raise
        faults.append(error)
        return False
    try:
        check_nothing_lost(text, spans, sample)
    except RowError:
        return False
    # Arguments given as JSON text must not be written as JSON text once more.
    return '\\"harbour' not in text


def _shows_thinking(render: Renderer, forms: Forms) -> bool:
    try:
        text, spans = render(REASONING[0], forms)
    except RowError:
        return False
    if forms.reasoning == "content":
        # A think block of its own beside the one in the content would be two.
        frame = "".join(text[s.start : s.end] for s in spans if s.part is Part.FRAME)
        if NAMED_THINKING.search(frame):
            return False
    return shows_reasoning(text, spans, 1, THINKING)
