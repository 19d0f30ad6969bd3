"""Which format trajectories of agents have, as others publish them."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.formats import detect


def chat(*texts: str, **more: Any) -> dict[str, Any]:
    """A chat in which user and model speak by turns."""
    roles = ("user", "assistant")
    turns = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
    return {"messages": turns, **more}


def share(*texts: str) -> dict[str, Any]:
    names = ("human", "gpt")
    turns = [{"from": names[i % 2], "value": text} for i, text in enumerate(texts)]
    return {"conversations": turns}


PLAIN = chat("q", "a")
CALLS = {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}]}
REACT = "Thought: t\nAction: f\nAction Input: {}"
TAGS = "<function=f>\n</function>"
SHELL = "```bash\nls\n```"
CODE = "<returncode>0</returncode>"
EVENT = {"id": 1, "source": "user", "action": "message", "args": {"content": "q"}}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([chat("q", REACT, "Observation: r", "a")], "react"),
        ([chat("q", "Think: t\n\nAct: bash\n\n```bash\nls\n```", "r")], "react"),
        ([share("q", "Thought: t\nAction: search[tea]", "r")], "react"),
        # Rows of the same file in which the model does nothing.
        ([share("q", "a")] * 2 + [share("q", "Thought: t\nAction: search[tea]")] * 3, "react"),
        ([PLAIN] * 9 + [chat("q", TAGS)], "codeact"),
        ([PLAIN] * 9 + [CALLS], "openai"),
        ([chat("q", "ACTION: go to shelf 1"), chat("q", "Act: answer(3)")], "openai"),
        ([chat("q", "Use this:\n```bash\nls\n```", "thanks")], "openai"),
        ([chat("q", "<execute>1</execute>")], "codeact"),
        ([chat("q", f"words {TAGS} and more words")], "openai"),
        ([chat("q", SHELL, CODE)], "mini_swe_agent"),
        ([chat("q", SHELL, CODE, TAGS)], "mini_swe_agent"),
        ([{"role": "user", "content": "q"}, {"role": "assistant", "content": SHELL}], "mini_swe_agent"),
        ([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "loss_mask": 1}], "ui_tars"),
        ([chat("q", "Action: click(start_box='(1,2)')")], "ui_tars"),
        ([{"history": [{"role": "user", "content": "q", "agent": "main"}]}], "swe_agent"),
        ([{"trajectory": [{"action": "ls", "observation": "a"}]}], "swe_agent"),
        ([{"attempts": [{"history": [{"role": "user", "content": "q", "is_demo": True}]}]}], "swe_agent"),
        ([EVENT], "openhands"),
        ([{"history": [EVENT]}], "openhands"),
        ([{"history": [[EVENT, {"observation": "null", "content": ""}]]}], "openhands"),
        ([{"trajectory": PLAIN["messages"]}], "openhands"),
        ([{"content": [{"class_": "message_action", "content": "a"}]}], "adp"),
    ],
)  # fmt: skip
def test_detect(rows: list[dict[str, Any]], expected: str) -> None:
    assert detect(rows) == expected
