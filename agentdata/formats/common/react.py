"""ReAct text: `Thought:`, `Action:`, `Action Input:`, `Observation:`, `Final Answer:`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

from agentdata.conversation import NativeKind

Label = Literal["", "Thought", "Action", "Action Input", "Observation", "Final Answer"]

# A label begins its line; a service's answer may also follow its call on the same line.
_LABEL = re.compile(
    r"^[ \t]*(Thought|Action|Action Input|Observation|Final Answer):"
    r"|(?<=[}\])])[ \t]*(Observation):",
    re.MULTILINE,
)
_KINDS: dict[Label, NativeKind] = {
    "": "content",
    "Thought": "reasoning",
    "Action": "tool_call",
    "Action Input": "tool_call",
    "Observation": "tool_result",
    "Final Answer": "content",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A label with the text up to the next one. `mark` is the label as written; "" and "" for the
    text before the first label."""

    label: Label
    mark: str
    body: str


def split_steps(text: str) -> list[Step]:
    """The steps of a ReAct text: all marks and bodies in order concatenate to it.

    >>> [(step.label, step.body) for step in split_steps("Action: a\\nAction Input: {}")]
    [('Action', ' a\\n'), ('Action Input', ' {}')]
    """
    steps: list[Step] = []
    label: Label = ""
    mark, start = "", 0
    for match in _LABEL.finditer(text):
        if label or match.start() > start:
            steps.append(Step(label, mark, text[start : match.start()]))
        label = cast(Label, match[1] or match[2])
        mark, start = match[0], match.end()
    if label or start < len(text):
        steps.append(Step(label, mark, text[start:]))
    return steps


def native_spans(steps: Iterable[Step]) -> tuple[tuple[NativeKind, str], ...]:
    """The text of the steps by who writes it: the model stops after the word `Observation:`, so
    the word belongs to its call; what follows, up to the next label, is the service's."""
    spans: list[tuple[NativeKind, str]] = []
    for step in steps:
        kind = _KINDS[step.label]
        if step.label == "Observation":
            spans.append(("tool_call", step.mark))
            spans.append((kind, step.body))
        else:
            spans.append((kind, step.mark + step.body))
    return _joined(spans)


def is_react(texts: Iterable[tuple[str, str]]) -> bool:
    """Whether some text of the model holds an action, or the system text asks for them."""
    return any(role != "user" and "\nAction Input:" in text for role, text in texts)


def holds_observations(text: Any) -> bool:
    """Whether a text of the model holds actions with what came of them."""
    if not isinstance(text, str) or "Observation:" not in text:
        return False
    labels = [step.label for step in split_steps(text)]
    return "Action" in labels and "Observation" in labels[labels.index("Action") :]


def _joined(spans: list[tuple[NativeKind, str]]) -> tuple[tuple[NativeKind, str], ...]:
    joined: list[tuple[NativeKind, str]] = []
    for kind, text in spans:
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        elif text:
            joined.append((kind, text))
    return tuple(joined)
