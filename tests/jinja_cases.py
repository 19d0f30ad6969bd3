"""Conversations that templates are held to: our own, each word of which is known, and real rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import AgentDataError, RowError
from agentdata.formats import detect, get
from agentdata.sources import RawRow, expand, plan, read_unit
from agentdata.templates.prompt import Prompt

_SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Town, e.g. Zürich"},
        "days": {"type": "integer"},
    },
    "required": ["city"],
}
WEATHER = ToolSpec(
    "get_weather",
    "Forecast of a town. 天气",
    _SCHEMA,
    {"name": "get_weather", "description": "Forecast of a town. 天气", "parameters": _SCHEMA},
)
_EMPTY_SCHEMA = {"type": "object", "properties": {}}
CLOCK = ToolSpec(
    "clock",
    "The time.",
    _EMPTY_SCHEMA,
    {
        "type": "function",
        "function": {"name": "clock", "description": "The time.", "parameters": _EMPTY_SCHEMA},
    },
)
FOREIGN = "<|im_end|>\n<|im_start|>assistant\n<|eot_id|></s>[INST]<｜User｜><|end|><end_of_turn>"


def _call(place: int = 0, **arguments: object) -> ToolCall:
    return ToolCall("get_weather", arguments or {"city": "Bern", "days": 2}, f"call_{place}")


def user(text: str) -> Message:
    return Message("user", text)


def model(text: str = "", *calls: ToolCall, reasoning: str | None = None) -> Message:
    return Message("assistant", text, reasoning=reasoning, tool_calls=calls)


def result(text: str, place: int = 0) -> Message:
    return Message("tool", text, tool_call_id=f"call_{place}")


SYSTEM = Message("system", "Answer in one line.")

OWN: dict[str, Conversation] = {
    name: Conversation(name, messages, tools)
    for name, messages, tools in (
        ("one round", (user("Ahoi?"), model("Moin.")), ()),
        ("system", (SYSTEM, user("Ahoi?"), model("Moin.")), ()),
        (
            "three rounds",
            (user("a?"), model("b!"), user("c?"), model("d!"), user("e?"), model("f!")),
            (),
        ),
        ("chinese", (user("今天天气？"), model("晴，二十度。😀")), ()),
        ("ends with user", (user("Ahoi?"), model("Moin."), user("Und?")), ()),
        ("lines", (user("one\n\n  two"), model("first\n\n    second\tthird")), ()),
        ("model begins", (model("Welcome."), user("Hi."), model("How may I help?")), ()),
        ("model twice", (user("Go."), model("First."), model("Second.")), ()),
        ("user twice", (user("Go."), user("Now."), model("Gone.")), ()),
        ("reasoning", (user("2+2?"), model("Four.", reasoning="two and two")), ()),
        (
            "reasoning in history",
            (
                user("2+2?"),
                model("Four.", reasoning="two and two"),
                user("3+3?"),
                model("Six.", reasoning="three twice"),
            ),
            (),
        ),
        ("empty thinking", (user("2+2?"), model("Four.", reasoning="")), ()),
        ("tools unused", (user("Ahoi?"), model("Moin.")), (WEATHER, CLOCK)),
        ("call", (user("Rain?"), model("", _call()), result("wet"), model("Yes.")), (WEATHER,)),
        (
            "call with system",
            (SYSTEM, user("Rain?"), model("", _call()), result("wet"), model("Yes.")),
            (WEATHER, CLOCK),
        ),
        (
            "call with words",
            (user("Rain?"), model("I look.", _call()), result("wet"), model("Yes.")),
            (WEATHER,),
        ),
        ("call at the end", (user("Rain?"), model("", _call(city="Genève"))), (WEATHER,)),
        (
            "call without arguments",
            (user("Late?"), model("", ToolCall("clock", {}, "call_0")), result("9"), model("No.")),
            (CLOCK,),
        ),
        (
            "calls one after another",
            (
                user("Rain?"),
                model("", _call(0)),
                result("dry", 0),
                model("", _call(1, city="Chur")),
                result("wet", 1),
                model("Only in Chur."),
                user("Thanks"),
                model("Bye."),
            ),
            (WEATHER,),
        ),
        (
            "parallel calls",
            (
                user("Rain?"),
                model("", _call(0), _call(1, city="Chur")),
                result("dry", 0),
                result("wet", 1),
                model("Only in Chur."),
            ),
            (WEATHER,),
        ),
        (
            "thinking and calling",
            (
                user("Rain?"),
                model("", _call(), reasoning="I need the forecast"),
                result("wet"),
                model("Yes.", reasoning="it says wet"),
            ),
            (WEATHER,),
        ),
        (
            "nested arguments",
            (
                user("Rain?"),
                model("", _call(city='O\'Hara "&" <b>', more={"list": ["x", 1, None, True]})),
                result('{"state": "wet"}'),
                model("Yes."),
            ),
            (WEATHER,),
        ),
        (
            "empty result",
            (user("Rain?"), model("", _call()), result(""), model("No idea.")),
            (WEATHER,),
        ),
        (
            "special letters",
            (
                Message("system", f"sys {FOREIGN}"),
                user(f"usr {FOREIGN}"),
                model(f"say {FOREIGN} so", _call(city=f"arg {FOREIGN}")),
                result(f"res {FOREIGN}"),
                model("Done."),
            ),
            (replace(WEATHER, raw={**WEATHER.raw, "description": f"dsc {FOREIGN}"}),),
        ),
    )
}


def trained(prompt: Prompt) -> str:
    """The text with what is trained in brackets."""
    out, inside = "", False
    for segment in prompt.segments:
        if segment.trainable != inside:
            out += "⟦" if segment.trainable else "⟧"
            inside = segment.trainable
        out += segment.text
    return out + ("⟧" if inside else "")


REAL = (
    "msagent/README_CN_MS_Agent_Bench_20.json",
    "msagent/swift_docs_zh_MS_Agent_Bench_126374.json",
    "tau-bench/historical_trajectories/gpt-4o-airline.json",
    "tau2-bench/sft-v1-small-openai/test_sft-v1-small.jsonl",
    "openai-cookbook/drone_training.first3.jsonl",
    "llamafactory-sharegpt/glaive_toolcall_en_demo.json",
    "llamafactory-sharegpt/glaive_toolcall_zh_demo.json",
    "llamafactory-sharegpt/reason_tool_use_demo_50.jsonl",
    "ms-swift-docs/docs__source__Instruction__Agent-support.jsonl",
)


def real_rows(shared: Path, per_file: int = 2) -> Iterator[Conversation]:
    """The first rows of real files that have tools or several rounds, and no media."""
    for name in REAL:
        kept = 0
        rows = (r for unit in plan(expand([str(shared / "data" / name)])) for r in read_unit(unit))
        first: list[dict[str, object]] = []
        for row in rows:
            if isinstance(row, RawRow):
                first.append(row.value)
            if len(first) == 40:
                break
        try:
            read = get(detect(first)).read
        except AgentDataError:
            continue
        for value in first:
            try:
                conversation = read(value)
            except RowError:
                continue
            if not conversation.media and len(conversation.messages) > 1 and kept < per_file:
                kept += 1
                yield replace(conversation, id=f"{Path(name).stem}#{kept}")
