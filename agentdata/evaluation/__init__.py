"""Predicted calls against reference calls."""

from agentdata.evaluation.compare import Compare
from agentdata.evaluation.expected import ExpectedTurn, expected_turns
from agentdata.evaluation.judge import TurnVerdict, judge
from agentdata.evaluation.predicted import PredictedTurn, parse_turn
from agentdata.evaluation.report import EvalReport, evaluate

__all__ = [
    "Compare",
    "EvalReport",
    "ExpectedTurn",
    "PredictedTurn",
    "TurnVerdict",
    "evaluate",
    "expected_turns",
    "judge",
    "parse_turn",
]
