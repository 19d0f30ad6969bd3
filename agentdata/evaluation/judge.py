"""A predicted turn held against the expected one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentdata.checks import arguments as argument_checks
from agentdata.checks.parameters import parameters_of
from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.evaluation.compare import Compare, is_right, same_text
from agentdata.evaluation.expected import ExpectedCall, ExpectedTurn
from agentdata.evaluation.match import best_assignment
from agentdata.evaluation.predicted import PredictedTurn
from agentdata.evaluation.rouge import rouge_l

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class CallVerdict:
    """An expected call and the predicted one that stands for it (None: there is none).

    Counts are of arguments: `given` by the prediction, `asked` by the reference less those that
    may and do lack, `right` of them with name and value, `missing`, `extra`; `wrong` are the
    names of those with another value. Arguments count only where the name is right. `url` is None
    where the reference has none.
    """

    expected: ExpectedCall
    predicted: ToolCall | None
    name: bool = False
    url: bool | None = None
    given: int = 0
    asked: int = 0
    right: int = 0
    missing: int = 0
    extra: int = 0
    wrong: tuple[str, ...] = ()
    arguments: bool = False

    @property
    def argument_names(self) -> bool:
        """Whether none is missing and none too much."""
        return self.name and not self.missing and not self.extra

    @property
    def is_right(self) -> bool:
        """Whether all of the call is right."""
        return self.name and self.arguments and self.url is not False

    @property
    def argument_f1(self) -> float:
        """F1 of the arguments; one with the right name and a wrong value counts half.

        As ModelScope-Agent scores MSAgent-Bench (arXiv 2309.00986): 0 where the name is wrong.
        """
        if not self.name:
            return 0.0
        if self.arguments or not (self.given and self.asked):
            return float(self.arguments)
        half = self.given - self.extra - self.right
        return 2 * (self.right + _HALF * half) / (self.given + self.asked)


@dataclass(frozen=True, slots=True)
class TurnVerdict:
    """A turn's calls, one by one, and what else counts.

    `extra_calls` are predicted calls that stand for none. `is_unknown` and `is_valid` are per
    predicted call: whether it names no tool on offer, whether its arguments satisfy the tool's
    schema; None where the row offers no tools, or the tool has no schema. `rouge_l` is the best
    over the replies that would do, None where the reference says nothing.
    """

    expected: ExpectedTurn
    predicted: PredictedTurn
    calls: tuple[CallVerdict, ...]
    extra_calls: int
    is_unknown: tuple[bool | None, ...]
    is_valid: tuple[bool | None, ...]
    rouge_l: float | None

    @property
    def is_right(self) -> bool:
        """Whether all calls are right and there is none too much."""
        if not self.expected.calls:
            return bool(self.predicted.calls) == self.expected.calls_expected
        return not self.extra_calls and all(call.is_right for call in self.calls)

    @property
    def quality(self) -> float:
        """How near it comes, from 0 to 1: mean Argument F1 over the calls of either side."""
        if not self.expected.calls:
            return float(self.is_right)
        return sum(call.argument_f1 for call in self.calls) / (len(self.calls) + self.extra_calls)


def judge(
    expected: ExpectedTurn,
    predicted: PredictedTurn,
    compare: Compare = Compare.JSON,
    *,
    ordered: bool = False,
) -> TurnVerdict:
    """How the prediction does. Calls of a turn are paired so that most is right, or, where
    `ordered`, each with the one at its place."""
    verdicts, extra_calls = _paired(expected.calls, predicted, compare, ordered)
    texts = [rouge_l(predicted.content, text) for text in expected.texts]
    return TurnVerdict(
        expected,
        predicted,
        verdicts,
        extra_calls if expected.calls else 0,
        _unknown(predicted.calls, expected.tools),
        _valid(predicted.calls, expected.tools),
        max(texts, default=None),
    )


def _paired(
    expected: Sequence[ExpectedCall], predicted: PredictedTurn, compare: Compare, ordered: bool
) -> tuple[tuple[CallVerdict, ...], int]:
    pairs = [
        [
            _judge_call(call, given, url, compare)
            for given, url in zip(predicted.calls, predicted.urls, strict=True)
        ]
        for call in expected
    ]
    count = len(predicted.calls)
    if ordered or (count <= 1 and len(expected) <= 1):
        chosen = [index if index < count else None for index in range(len(expected))]
    else:
        chosen = best_assignment([[_score(verdict) for verdict in row] for row in pairs])
    verdicts = tuple(
        pairs[row][column] if column is not None else _lacking(expected[row])
        for row, column in enumerate(chosen)
    )
    return verdicts, max(0, count - len(expected))


def _score(verdict: CallVerdict) -> float:
    """Right calls go before all else, then names, then arguments."""
    return 4.0 * verdict.is_right + 2.0 * verdict.name + verdict.argument_f1


def _lacking(expected: ExpectedCall) -> CallVerdict:
    return CallVerdict(expected, None, url=None if expected.url is None else False)


def _judge_call(
    expected: ExpectedCall, predicted: ToolCall, url: str | None, compare: Compare
) -> CallVerdict:
    same_url = None if expected.url is None else url == expected.url
    if predicted.name != expected.call.name:
        return CallVerdict(expected, predicted, url=same_url)
    arguments = predicted.arguments
    if expected.options is None or isinstance(arguments, str):
        wanted = expected.call.arguments
        same = (
            isinstance(wanted, str)
            and isinstance(arguments, str)
            and same_text(arguments, wanted, compare)
        )
        # Text has no names: it is one argument, right or another.
        given = 1 if isinstance(arguments, str) else len(arguments)
        asked_for = 1 if expected.options is None else len(expected.options)
        if same:
            return CallVerdict(expected, predicted, True, same_url, 1, 1, 1, arguments=True)
        return CallVerdict(
            expected, predicted, True, same_url, given, asked_for, 0, max(1, asked_for), given
        )
    types = expected.types or {}
    asked = [name for name in expected.options if name in arguments or not expected.may_lack(name)]
    missing = sum(name not in arguments for name in asked)
    extra = sum(name not in expected.options for name in arguments)
    wrong = tuple(
        name
        for name, value in arguments.items()
        if name in expected.options
        and not is_right(value, expected.options[name], compare, types.get(name))
    )
    right = len(arguments) - extra - len(wrong)
    all_right = not missing and not extra and right == len(asked)
    return CallVerdict(
        expected,
        predicted,
        True,
        same_url,
        len(arguments),
        len(asked),
        right,
        missing,
        extra,
        wrong,
        all_right,
    )


def _unknown(calls: Sequence[ToolCall], tools: Sequence[ToolSpec]) -> tuple[bool | None, ...]:
    names = {tool.name for tool in tools}
    return tuple(call.name not in names if names else None for call in calls)


def _valid(calls: Sequence[ToolCall], tools: Sequence[ToolSpec]) -> tuple[bool | None, ...]:
    with_schema = {tool.name for tool in tools if parameters_of(tool) is not None}
    known = [call for call in calls if call.name in with_schema]
    if not known:
        return (None,) * len(calls)
    turn = Message("assistant", tool_calls=tuple(calls))
    findings = list(argument_checks.GROUP.run(Conversation("", (turn,), tuple(tools))))
    broken = {finding.pointer for finding in findings if finding.code == "bad_parameters"}
    without = {tools[int(pointer.split("/")[2])].name for pointer in broken}
    bad = {
        int(finding.pointer.split("/")[4])
        for finding in findings
        if finding.code != "bad_parameters"
    }
    return tuple(
        index not in bad if call.name in with_schema - without else None
        for index, call in enumerate(calls)
    )
