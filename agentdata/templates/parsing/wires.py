"""Ways of writing calls that only chat templates of Hugging Face have, and no agent template.

The marks are facts of the models' published chat templates.
"""

from __future__ import annotations

from agentdata.call_text.json_calls import JsonCalls
from agentdata.call_text.named_calls import NamedCalls
from agentdata.call_text.python_calls import PythonCalls
from agentdata.templates.parsing.harmony import Harmony
from agentdata.templates.parsing.wire import THINK, TurnWire, Wire

_MISTRAL_THINK = (*THINK, ("[THINK]", "[/THINK]"))

MISTRAL = TurnWire(JsonCalls("[TOOL_CALLS]"), think=_MISTRAL_THINK)
MISTRAL_ARGS = TurnWire(NamedCalls("[ARGS]", "[TOOL_CALLS]"), think=_MISTRAL_THINK)
PYTHON = TurnWire(PythonCalls())
LFM2 = TurnWire(PythonCalls("<|tool_call_start|>", "<|tool_call_end|>"))
HARMONY = Harmony()
DEEPSEEK_V3 = TurnWire(
    NamedCalls(
        "\n", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>", "<｜tool▁call▁end｜>", fenced=True
    ),
    section=("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
)

WIRES: tuple[Wire, ...] = (MISTRAL_ARGS, MISTRAL, DEEPSEEK_V3, HARMONY, LFM2, PYTHON)
