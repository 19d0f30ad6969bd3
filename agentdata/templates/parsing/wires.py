"""The wire of every way of writing calls, as data: an agent template names one of these.

The marks are facts of the models' published chat templates.
"""

from __future__ import annotations

from agentdata.templates.parsing.gemma_calls import GemmaCalls
from agentdata.templates.parsing.harmony import Harmony
from agentdata.templates.parsing.json_calls import JsonCalls
from agentdata.templates.parsing.minimax_calls import MiniMaxCalls
from agentdata.templates.parsing.named_calls import NamedCalls
from agentdata.templates.parsing.parameter_calls import ParameterCalls
from agentdata.templates.parsing.python_calls import PythonCalls
from agentdata.templates.parsing.wire import THINK, TurnWire, Wire


def _words(action: str, action_input: str, observation: str, **more: str) -> TurnWire:
    following = (action, observation, *(word.strip() for word in more.values()))
    calls = NamedCalls(action_input, action, following=following, literal=True)
    return TurnWire(calls, stop=observation, **more)  # type: ignore[arg-type]


def _keyed(word: str, suffix: str = "", after_name: str = "") -> ParameterCalls:
    """Calls of the GLM kind: <tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value>."""
    return ParameterCalls(
        call=f"<tool_call{suffix}>{{name}}{after_name}{{ }}",
        end=f"</tool_call{suffix}>",
        parameter=f"<{word}_key{suffix}>{{key}}</{word}_key{suffix}>{{ }}<{word}_value{suffix}>",
        parameter_end=f"</{word}_value{suffix}>",
    )


def _function(lines: bool) -> ParameterCalls:
    return ParameterCalls(
        "<function={name}>", "</function>", "<parameter={key}>", "</parameter>", lines=lines
    )


HERMES = TurnWire(JsonCalls("<tool_call>", "</tool_call>"))
REACT = _words("Action:", "Action Input:", "Observation:")
REACT_THOUGHT = _words(
    "Action:", "Action Input:", "Observation:", thought="Thought:", answer="Final Answer: "
)
QWEN_FUNCTION = _words("✿FUNCTION✿:", "✿ARGS✿:", "✿RESULT✿:")

QWEN3_CODER = TurnWire(_function(lines=True), section=("<tool_call>", "</tool_call>"), gap="\n\n")
SEED = TurnWire(
    _function(lines=False),
    think=(("<seed:think>", "</seed:think>"), *THINK),
    section=("<seed:tool_call>", "</seed:tool_call>"),
)
BARE_JSON = TurnWire(JsonCalls(), marks=("<|python_tag|>",))
MISTRAL = TurnWire(JsonCalls("[TOOL_CALLS]"), think=(*THINK, ("[THINK]", "[/THINK]")))
MISTRAL_ARGS = TurnWire(
    NamedCalls("[ARGS]", "[TOOL_CALLS]"), think=(*THINK, ("[THINK]", "[/THINK]"))
)
PYTHON = TurnWire(PythonCalls())
LFM2 = TurnWire(PythonCalls("<|tool_call_start|>", "<|tool_call_end|>"))
HARMONY = Harmony()

DEEPSEEK_V3 = TurnWire(
    NamedCalls(
        "\n", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>", "<｜tool▁call▁end｜>", fenced=True
    ),
    section=("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
)
DEEPSEEK_V3_1 = TurnWire(
    NamedCalls("<｜tool▁sep｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
    section=("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
)
DEEPSEEK_V4 = TurnWire(
    ParameterCalls(
        '<｜DSML｜invoke name="{name}">',
        "</｜DSML｜invoke>",
        '<｜DSML｜parameter name="{key}" string="{type}">',
        "</｜DSML｜parameter>",
        text_types=("true",),
    ),
    section=("<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>"),
    gap="\n\n",
)
CHATGLM4 = TurnWire(NamedCalls("\n", literal=True), marks=("<|assistant|>",))
GLM4_5 = TurnWire(_keyed("arg"), gap="\n")
GLM4_7 = TurnWire(_keyed("arg"))
XING = TurnWire(_keyed("param"))
HUNYUAN = TurnWire(
    JsonCalls("<tool_call>", "</tool_call>"), section=("<tool_calls>", "</tool_calls>")
)
HY_V3 = TurnWire(
    _keyed("arg", ":opensource", "<tool_sep:opensource>"),
    think=(("<think:opensource>", "</think:opensource>"), *THINK),
    section=("<tool_calls:opensource>", "</tool_calls:opensource>"),
)
HY_V3_PREVIEW = TurnWire(
    _keyed("arg", after_name="<tool_sep>"), section=("<tool_calls>", "</tool_calls>")
)
MINICPM5 = TurnWire(
    ParameterCalls('<function name="{name}">', "</function>", '<param name="{key}">', "</param>")
)
MINIMAX_M2 = TurnWire(
    ParameterCalls(
        '<invoke name="{name}">', "</invoke>", '<parameter name="{key}">', "</parameter>"
    ),
    section=("<minimax:tool_call>", "</minimax:tool_call>"),
)
MINIMAX_M3 = TurnWire(
    MiniMaxCalls(),
    think=(("<mm:think>", "</mm:think>"), *THINK),
    section=("]<]minimax[>[<tool_call>", "]<]minimax[>[</tool_call>"),
)
KIMI_K2 = TurnWire(
    NamedCalls(
        "<|tool_call_argument_begin|>",
        "<|tool_call_begin|>",
        "<|tool_call_end|>",
        name=r"\s*(?:functions\.)?(?P<name>.*?)(?::\d+)?\s*",
    ),
    section=("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
)
KIMI_K3 = TurnWire(
    ParameterCalls(
        '<|open|>call tool="{name}" index="{number}"<|sep|>',
        "<|close|>call<|sep|>",
        '<|open|>argument key="{key}" type="{type}"<|sep|>',
        "<|close|>argument<|sep|>",
        text_types=("string",),
    ),
    think=(("<|open|>think<|sep|>", "<|close|>think<|sep|>"), *THINK),
    section=("<|open|>tools<|sep|>", "<|close|>tools<|sep|>"),
    marks=(
        "<|open|>response<|sep|>",
        "<|close|>response<|sep|>",
        "<|close|>message<|sep|>",
        "<|end_of_msg|>",
    ),
)
GEMMA4 = TurnWire(GemmaCalls(), think=(("<|channel>thought", "<channel|>"), *THINK))

WIRES: dict[str, Wire] = {
    "hermes": HERMES,
    "react_en": REACT_THOUGHT,
    "react_zh": REACT_THOUGHT,
    "react_grpo": REACT,
    "toolbench": REACT_THOUGHT,
    "qwen_en": QWEN_FUNCTION,
    "qwen_zh": QWEN_FUNCTION,
    "qwen_en_parallel": QWEN_FUNCTION,
    "qwen_zh_parallel": QWEN_FUNCTION,
    "qwen3_coder": QWEN3_CODER,
    "qwen3_5": QWEN3_CODER,
    "llama3": BARE_JSON,
    "llama4": BARE_JSON,
    "deepseek_v3_1": DEEPSEEK_V3_1,
    "deepseek_v4": DEEPSEEK_V4,
    "chatglm4": CHATGLM4,
    "glm4": CHATGLM4,
    "glm4_5": GLM4_5,
    "glm4_7": GLM4_7,
    "glm5_1": GLM4_7,
    "xing4_0": XING,
    "hunyuan_hermes": HUNYUAN,
    "hy_v3": HY_V3,
    "hy_v3_preview": HY_V3_PREVIEW,
    "ling3": GLM4_7,
    "youtu": HERMES,
    "minicpm5": MINICPM5,
    "minimax_m2": MINIMAX_M2,
    "minimax_m3": MINIMAX_M3,
    "kimi_k25": KIMI_K2,
    "kimi_k3": KIMI_K3,
    "spark2_5": GLM4_7,
    "seed_oss": SEED,
    "gemma4": GEMMA4,
}
"""By the name of the agent template."""

ALL_WIRES: tuple[Wire, ...] = (
    HERMES,
    HUNYUAN,
    MISTRAL_ARGS,
    MISTRAL,
    QWEN3_CODER,
    SEED,
    GLM4_5,
    GLM4_7,
    XING,
    HY_V3,
    HY_V3_PREVIEW,
    DEEPSEEK_V3_1,
    DEEPSEEK_V3,
    DEEPSEEK_V4,
    KIMI_K2,
    KIMI_K3,
    GEMMA4,
    HARMONY,
    MINIMAX_M2,
    MINIMAX_M3,
    MINICPM5,
    LFM2,
    PYTHON,
    REACT_THOUGHT,
    REACT,
    QWEN_FUNCTION,
    CHATGLM4,
    BARE_JSON,
)
"""All of them: those with marks of their own first."""
