"""In words, what set a weight."""

from __future__ import annotations

from agentdata.loss_scale import Rule, Step
from agentdata.show.view import CUT, FIRST, Run
from agentdata.templates import Kind

_OWN = frozenset(
    kind.value for kind in (Kind.REASONING, Kind.CONTENT, Kind.TOOL_CALL, Kind.END_OF_TURN)
)


def why(run: Run) -> str:
    """In words, what set the weight of a run; "" where that is not known."""
    if run.note == CUT:
        return "beyond --max-length: not written"
    if run.note == FIRST:
        return "first token of the row: never predicted"
    said = [_said(step, run) for step in run.steps]
    if run.straddling:
        said.append("token over several weights (--straddle)")
    return " · ".join(said)


def _said(step: Step, run: Run) -> str:
    number = format(step.weight, "g")
    match step.rule:
        case Rule.GIVEN if run.kind in _OWN:
            return "not trained: put there by the template"
        case Rule.GIVEN:
            return "not trained: given to the model"
        case Rule.STRATEGY if step.weight:
            return f"strategy {step.table}: {number}"
        case Rule.STRATEGY:
            return f"strategy {step.table}: an earlier round, {number}"
        case Rule.MESSAGE_LOSS:
            return f"the message's loss: {'true' if step.weight else 'false'}"
        case Rule.MESSAGE_LOSS_SCALE:
            return f"the message's loss_scale: {number}"
        case Rule.QUERY:
            return f"{step.table}, asked {step.key!r}: {number}"
        case Rule.KEY:
            return f"{step.table}, key {step.key!r}: {number}"
        case Rule.AFTER_KEY:
            return f"{step.table}, after {step.key!r}: {number}"
        case Rule.PATTERN:
            return f"{step.table}, match of {step.key!r}: {number}"
        case Rule.NO_MATCH:
            return f"{step.table}, no match: {number}"
        case Rule.END_OF_TURN if step.weight:
            return f"end of a trained turn: {number}"
        case Rule.END_OF_TURN:
            return f"end of a turn that is not trained: {number}"
        case Rule.KIND:
            return f"--weights {step.key}={number}"
        case Rule.OTHER_ROW:
            return "trained in another row of this conversation: 0"
