"""Spans and regions to the segments of a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.templates.jinja.layout import Region
from agentdata.templates.jinja.origin import TEMPLATE_FIELDS, Field
from agentdata.templates.jinja.spans import Part, Span
from agentdata.templates.prompt import Kind, Segment

_ROLE_KINDS = {"system": Kind.SYSTEM, "user": Kind.USER, "tool": Kind.TOOL_RESULT}


def segments(
    text: str,
    spans: Sequence[Span],
    regions: Sequence[Region],
    roles: Sequence[str],
    *,
    bos: str,
    train_injected: bool,
) -> tuple[Segment, ...]:
    """The segments whose concatenation is `text`.

    Where the template marks what is trained (`{% generation %}`), that decides; else all regions
    but injected ones are trainable. Nobody else's words ever are.
    """
    tagged = any(span.generated for span in spans)
    kinds = _frame_kinds(text, spans, roles)
    out: list[Segment] = []
    number = 0
    for index, span in enumerate(spans):
        position = span.start
        while position < span.end:
            while number < len(regions) and regions[number].end <= position:
                number += 1
            region = regions[number] if number < len(regions) else None
            kind: Kind
            message: int | None
            if region is not None and region.start <= position:
                end = min(span.end, region.end)
                trainable = not region.injected or train_injected
                kind, message = region.kind, region.message
            else:
                end = min(span.end, region.start) if region is not None else span.end
                trainable = False
                kind, message = kinds[index], span.message
                if tagged and span.generated and number and span.part is Part.FRAME:
                    kind, message = Kind.END_OF_TURN, regions[number - 1].message
            if tagged:
                trainable = span.generated and span.part is not Part.GIVEN
            control = span.origin.field in TEMPLATE_FIELDS
            piece = text[position:end]
            position = end
            if bos and not out and kind is Kind.HEADER and piece.startswith(bos):
                out.append(Segment(bos, Kind.BOS, control=True))
                piece = piece[len(bos) :]
            if kind is Kind.HEADER:
                message = None
            if piece:
                _append(out, Segment(piece, kind, message, trainable, control))
    return tuple(out)


def _append(out: list[Segment], new: Segment) -> None:
    last = out[-1] if out else None
    if (
        last is not None
        and last.kind is new.kind
        and last.kind is not Kind.BOS
        and last.message == new.message
        and last.trainable == new.trainable
        and last.control == new.control
    ):
        out[-1] = Segment(last.text + new.text, new.kind, new.message, new.trainable, new.control)
    else:
        out.append(new)


def _frame_kinds(text: str, spans: Sequence[Span], roles: Sequence[str]) -> list[Kind]:
    """The kind of each span outside the model's turns."""
    kinds: list[Kind] = []
    for span in spans:
        message = span.message
        if span.part is Part.GIVEN and span.origin.field is Field.TOOLS:
            kinds.append(Kind.TOOLS)
        elif span.part is Part.GIVEN and span.origin.field is Field.OPTION:
            kinds.append(Kind.SYSTEM)
        elif span.part is Part.GIVEN and message is not None:
            kinds.append(_ROLE_KINDS.get(roles[message], Kind.TOOL_RESULT))
        elif span.turn is not None and roles[span.turn] == "tool" and span.part is Part.FRAME:
            kinds.append(Kind.TOOL_RESULT)
        else:
            kinds.append(Kind.HEADER)
    _tell_tools(text, spans, kinds)
    return kinds


def _tell_tools(text: str, spans: Sequence[Span], kinds: list[Kind]) -> None:
    """What the template says of the tools belongs to them: the frame between them, and prose
    (more than marks) right before and after."""
    for index, kind in enumerate(list(kinds)):
        if kind is not Kind.HEADER:
            continue
        before = index > 0 and kinds[index - 1] is Kind.TOOLS
        after = index + 1 < len(kinds) and kinds[index + 1] is Kind.TOOLS
        if not before and not after:
            continue
        prose = len(text[spans[index].start : spans[index].end].split()) > 5
        if (before and after) or prose:
            kinds[index] = Kind.TOOLS
