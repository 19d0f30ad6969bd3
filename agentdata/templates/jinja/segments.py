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
    # What the piece is that goes on from `begun`; pieces of the same become one segment.
    what: tuple[Kind, int | None, bool, bool] | None = None
    begun = number = 0
    region = regions[0] if regions else None
    for index, span in enumerate(spans):
        position = span.start
        control = span.origin.field in TEMPLATE_FIELDS
        while position < span.end:
            while region is not None and region.end <= position:
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
            if kind is Kind.HEADER:
                message = None
                if what is None and bos and not out and text.startswith(bos, position, end):
                    out.append(Segment(bos, Kind.BOS, control=True))
                    position = begun = position + len(bos)
                    if position == end:
                        continue
            here = (kind, message, trainable, control)
            if what != here:
                if what is not None:
                    out.append(Segment(text[begun:position], *what))
                what, begun = here, position
            position = end
    if what is not None:
        out.append(Segment(text[begun:], *what))
    return tuple(out)


def _frame_kinds(text: str, spans: Sequence[Span], roles: Sequence[str]) -> list[Kind]:
    """The kind of each span outside the model's turns."""
    kinds: list[Kind] = []
    tools = False
    for span in spans:
        kind = Kind.HEADER
        if span.part is Part.FRAME:
            if span.turn is not None and roles[span.turn] == "tool":
                kind = Kind.TOOL_RESULT
        elif span.part is Part.GIVEN:
            if span.origin.field is Field.TOOLS:
                kind, tools = Kind.TOOLS, True
            elif span.origin.field is Field.OPTION:
                kind = Kind.SYSTEM
            elif (message := span.message) is not None:
                kind = _ROLE_KINDS.get(roles[message], Kind.TOOL_RESULT)
        kinds.append(kind)
    if tools:
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
