"""Predictions held against reference rows: from files to a report."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, RowError
from agentdata.evaluation.compare import Compare
from agentdata.evaluation.diff import diff
from agentdata.evaluation.expected import ExpectedTurn, expected_turns
from agentdata.evaluation.figures import (
    RESAMPLES,
    Figure,
    Sums,
    added,
    call_sums,
    figures,
    turn_sums,
)
from agentdata.evaluation.judge import TurnVerdict, judge
from agentdata.evaluation.predicted import PredictedTurn, read_prediction
from agentdata.evaluation.rows import PredictionRows
from agentdata.intake import COMPANION, plan_tasks, read_conversation, read_rows
from agentdata.sources import RawRow
from agentdata.templates.parse import AnyTemplate, parse_calls

Missing = Literal["skip", "wrong"]
"""What a turn without a prediction is: not counted, or an empty turn."""
SHOWN_FAULTS = 20


class Unread(BaseModel):
    """A row of predictions that was not scored; `reason` is a stable code."""

    line: int
    reason: str
    message: str


class Wrong(BaseModel):
    """A turn that is not right; `diff` has the lines of the expected (-) and predicted (+)."""

    id: str
    source: str
    turn: int
    quality: float
    fault: str
    diff: list[str]


class EvalReport(BaseModel):
    """Figures over the turns that were scored: in all, by source, by tool.

    predictions = scored + unread ({reason: rows}); turns = scored + unpredicted. With
    `missing` wrong, the unpredicted count in the figures as empty turns. `rejected` are rows of
    the reference that could not be read; `repeated_ids` rows whose id an earlier row had, which
    took the predictions (`source` tells rows of several files apart).
    """

    compare: Compare
    ordered: bool
    missing: Missing
    predictions: int = 0
    scored: int = 0
    turns: int = 0
    unpredicted: int = 0
    rejected: int = 0
    repeated_ids: int = 0
    unread: Counter[str] = Field(default_factory=Counter)
    shown: list[Unread] = Field(default_factory=list)
    figures: dict[str, Figure] = Field(default_factory=dict)
    sources: dict[str, dict[str, Figure]] = Field(default_factory=dict)
    tools: dict[str, dict[str, Figure]] = Field(default_factory=dict)
    worst: list[Wrong] = Field(default_factory=list)

    def refuse(self, line: int, reason: str, message: str) -> None:
        """Count a row of predictions that is not scored."""
        self.unread[reason] += 1
        if len(self.shown) < SHOWN_FAULTS:
            self.shown.append(Unread(line=line, reason=reason, message=message))


def evaluate(
    reference: Sequence[str],
    predictions: str | Path,
    *,
    template: AnyTemplate | None = None,
    format_: str = "auto",
    compare: Compare = Compare.JSON,
    ordered: bool = False,
    missing: Missing = "skip",
    worst: int = 5,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> EvalReport:
    """Score predictions against the turns of the model in reference rows of any format.

    A row of predictions has the `id` of the reference row, and may have its `turn` (turns of the
    model from 0; without one, the last) and `source` (the path or name of its file, where ids
    occur in several). It holds raw `text`, read with `template`, or `tool_calls` and `content`.

    Raises UsageError for options and sources, AgentDataError `no_rows`, and `nothing_scored` where
    no prediction is for a turn of the reference.
    """
    if template is not None:
        parse_calls("", template)  # a template that cannot be read back is told now
    report = EvalReport(compare=compare, ordered=ordered, missing=missing)
    waiting = PredictionRows(predictions, report.refuse)
    report.predictions = waiting.count
    sums = _Sums()
    found: list[tuple[float, str, str, int, TurnVerdict]] = []
    for conversation in _conversations(reference, format_, report):
        turns = list(expected_turns(conversation))
        by_turn = waiting.take(conversation, len(turns))
        verdicts = []
        for expected in turns:
            report.turns += 1
            predicted = _predicted(by_turn.get(expected.turn), expected, template, report)
            if predicted is None:
                report.unpredicted += 1
                if missing == "skip":
                    continue
                predicted = PredictedTurn((), "", (), "no_prediction")
            else:
                report.scored += 1
            verdict = judge(expected, predicted, compare, ordered=ordered)
            verdicts.append(verdict)
            if not verdict.is_right:
                place = conversation.source, conversation.id, expected.turn
                found.append((verdict.quality, *place, verdict))
        found = heapq.nsmallest(worst, found, key=lambda entry: entry[:4])
        sums.add(conversation.source, verdicts)
    for name, row in waiting.rest():
        report.refuse(row.line, "no_reference", f"no turn of a row {name} waits for it")
    report.repeated_ids = waiting.repeated_ids
    if not report.scored and report.missing == "skip":
        reasons = ", ".join(f"{code} {n}" for code, n in report.unread.items())
        raise AgentDataError(
            "nothing_scored",
            f"none of {report.predictions} predictions could be scored: {reasons or 'no rows'}",
            remedy=report.shown[0].message if report.shown else "see agentdata eval --help",
        )
    report.worst = [_wrong(*entry) for entry in found]
    sums.into(report, seed, resamples)
    return report


def _conversations(
    reference: Sequence[str], format_: str, report: EvalReport
) -> Iterator[Conversation]:
    for task in plan_tasks(reference, format_):
        if task.format == COMPANION:
            continue
        for raw in read_rows(task):
            try:
                yield read_conversation(raw, task)
            except RowError:
                report.rejected += 1


def _predicted(
    row: RawRow | None, expected: ExpectedTurn, template: AnyTemplate | None, report: EvalReport
) -> PredictedTurn | None:
    if row is None:
        return None
    try:
        return read_prediction(row.value, template, expected.tools)
    except RowError as error:
        report.refuse(row.line, error.code, str(error))
        return None


class _Sums:
    """The sums of every row: in all, by source, by tool."""

    def __init__(self) -> None:
        self.all: list[Sums] = []
        self.sources: dict[str, list[Sums]] = defaultdict(list)
        self.tools: dict[str, list[Sums]] = defaultdict(list)

    def add(self, source: str, verdicts: Sequence[TurnVerdict]) -> None:
        if not verdicts:
            return
        row = added(turn_sums(verdict) for verdict in verdicts)
        self.all.append(row)
        self.sources[source].append(row)
        of_tool: dict[str, list[Sums]] = defaultdict(list)
        for verdict in verdicts:
            for call in verdict.calls:
                of_tool[call.expected.call.name].append(call_sums(call))
        for name, parts in of_tool.items():
            self.tools[name].append(added(parts))

    def into(self, report: EvalReport, seed: int, resamples: int) -> None:
        report.figures = figures(self.all, seed=seed, resamples=resamples)
        for rows, of in ((self.sources, report.sources), (self.tools, report.tools)):
            for name in sorted(rows):
                of[name] = figures(rows[name], seed=seed, resamples=resamples)


def _wrong(quality: float, source: str, id_: str, turn: int, verdict: TurnVerdict) -> Wrong:
    return Wrong(
        id=id_,
        source=source,
        turn=turn,
        quality=quality,
        fault=verdict.predicted.fault,
        diff=diff(verdict),
    )
