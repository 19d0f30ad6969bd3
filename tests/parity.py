"""Runs files of reference cases: text equal, weights equal to the character.

    python tests/parity.py [FILE.jsonl ...]

A case is {"case", "template", "agent_template", "loss_scale", "row": an ms-swift row, "text",
"weights": [[start, end, weight], ...] in code points}. Prints what differs, then passed of total
per pair; ends with 1 where a case failed or none ran, with 2 where a file is not there.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from agentdata import formats
from agentdata.loss_scale import parse_loss_scale, weigh
from agentdata.loss_scale.spec import Strategy
from agentdata.templates import get_template, render

SHARED = Path(os.environ.get("AGENTDATA_SHARED", Path(__file__).parents[2] / "shared"))
FILES = ("parity/templates.jsonl", "parity/loss_scale.jsonl")


def cases(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The cases of these files, in order."""
    for path in paths:
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    yield orjson.loads(line)


def fault(case: dict[str, Any]) -> str | None:
    """What is wrong with our rendering of a case; None if nothing is."""
    try:
        conversation = formats.get("swift").read(case["row"])
        template = get_template(case["template"], case["agent_template"])
        loss_scale = parse_loss_scale(case["loss_scale"])
        keep = loss_scale.strategy is not Strategy.LAST_ROUND
        prompt = render(conversation, template, keep_thinking=keep)
        weights = weigh(prompt, conversation, loss_scale)
    except Exception as error:  # whatever it is, the other cases still run
        return f"{type(error).__name__}: {error}"
    text = prompt.text
    if text != case["text"]:
        at = next(
            (i for i, (a, b) in enumerate(zip(text, case["text"], strict=False)) if a != b),
            min(len(text), len(case["text"])),
        )
        return f"text differs at {at}: {text[at : at + 40]!r}, not {case['text'][at : at + 40]!r}"
    ours = per_character(zip(weights.ends.tolist(), weights.values.tolist(), strict=True))
    theirs = per_character((end, weight) for _, end, weight in case["weights"])
    # The first token is never predicted: the reference gives its characters no weight.
    first = next((i for i, weight in enumerate(theirs) if weight), len(theirs))
    start = first if loss_scale.strategy is Strategy.ALL else 0
    for at in range(start, len(theirs)):
        if ours[at] != theirs[at]:
            return f"weight at {at} ({text[at : at + 20]!r}) is {ours[at]}, not {theirs[at]}"
    return None


def per_character(runs: Iterable[tuple[int, float]]) -> list[float]:
    """A weight for every character, from runs of (end, weight)."""
    weights: list[float] = []
    for end, weight in runs:
        weights += [float(weight)] * (end - len(weights))
    return weights


def main(names: list[str]) -> int:
    paths = [Path(name) for name in names] or [SHARED / name for name in FILES]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        print(f"no such file: {', '.join(missing)}", file=sys.stderr)
        return 2
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for case in cases(paths):
        pair = f"{case['template']}+{case['agent_template']}"
        total[pair] += 1
        why = fault(case)
        if why is None:
            passed[pair] += 1
        else:
            print(f"FAILED {case['case']}: {why}")
    for pair, number in sorted(total.items()):
        print(f"{pair:40} {passed[pair]} of {number}")
    failed = sum(total.values()) - sum(passed.values())
    print(f"{sum(passed.values())} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
