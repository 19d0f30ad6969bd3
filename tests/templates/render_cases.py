"""The conversation that golden texts are rendered from, and which templates have one.

`python tests/templates/render_cases.py` writes them all anew; the diff is what to review.
"""

from __future__ import annotations

from pathlib import Path

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.templates import get_template, render
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS

GOLDEN = Path(__file__).parent / "golden"
CLOCK = {"name": "clock", "description": "The time. 时间", "parameters": {"type": "object"}}
TOOL = ToolSpec("clock", "The time. 时间", {"type": "object"}, CLOCK)
CALL = ToolCall("clock", {"zone": "Asia/上海"})
SAMPLE = Conversation(
    "sample",
    (
        Message("system", "Be brief."),
        Message("user", "Time?"),
        Message("assistant", "I look.", reasoning="a clock", tool_calls=(CALL, CALL)),
        Message("tool", "12:00"),
        Message("tool", "12:01\n"),
        Message("assistant", "Noon."),
        Message("user", "Thanks"),
        Message("assistant", "Bye."),
    ),
    (TOOL,),
)
OWN = {chat_format.name: chat_format.agent_template for chat_format in CHAT_FORMATS.values()}
PAIRS = [*OWN.items(), *(("qwen3", a) for a in AGENT_TEMPLATES if a not in OWN.values())]
"""Each chat format with its own agent template; agent templates that are no format's own."""


def golden_path(chat_format: str, agent_template: str) -> Path:
    """The file of expected text of a pair."""
    return GOLDEN / f"{chat_format}+{agent_template}.txt"


if __name__ == "__main__":
    for stale in set(GOLDEN.glob("*.txt")) - {golden_path(*pair) for pair in PAIRS}:
        stale.unlink()
    for pair in PAIRS:
        text = render(SAMPLE, get_template(*pair)).text
        golden_path(*pair).write_text(text, encoding="utf-8")
