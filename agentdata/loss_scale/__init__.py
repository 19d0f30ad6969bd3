"""From a prompt to one weight per character."""

from agentdata.loss_scale.kinds import parse_weights, weigh_kinds
from agentdata.loss_scale.spec import LossScale, parse_loss_scale
from agentdata.loss_scale.trace import Rule, Step, Trace
from agentdata.loss_scale.weigh import Weights, weigh
from agentdata.loss_scale.within import any_weight, weights_within

__all__ = [
    "LossScale",
    "Rule",
    "Step",
    "Trace",
    "Weights",
    "any_weight",
    "parse_loss_scale",
    "parse_weights",
    "weigh",
    "weigh_kinds",
    "weights_within",
]
