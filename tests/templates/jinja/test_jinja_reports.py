"""What users of other projects reported of their chat templates must not happen here.

Each case names the public reports and shows the text with what is trained in brackets.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from jinja_cases import trained

from agentdata.assets import tokenizer_dir
from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import SourceCounts
from agentdata.templates.jinja import NO_END_OF_TURN, load_jinja
from agentdata.tokenization import Encoder, load_tokenizer
from agentdata.tokenization.tokenizer import LoadedTokenizer

GLM = """[gMASK]<sop>
{%- for m in messages %}
{%- if m.role == 'user' %}<|user|>
{{ m.content }}
{%- elif m.role == 'assistant' %}<|assistant|>
{{ m.content }}
{%- for call in m.tool_calls or [] %}<tool_call>{{ call.function.name }}</tool_call>{% endfor %}
{%- else %}<|observation|>
{{ m.content }}{% endif %}
{%- endfor %}
{%- if tools %}{{ tools | tojson }}{% endif %}
{%- if add_generation_prompt %}<|assistant|>
{% endif %}"""
GEMMA = """{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}
{{ m.content | trim }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""
MISTRAL = """{{ bos_token }}{% set ns = namespace(sys='') %}{% for m in messages %}
{%- if m.role == 'system' %}{% set ns.sys = m.content + '\\n\\n' %}
{%- elif m.role == 'user' %}[INST] {{ ns.sys if loop.index0 < 2 }}{{ m.content }} [/INST]
{%- else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"""
TAGGED = """{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}</s>{% endgeneration %}
{%- else %}{{ m.content }}|{% endif %}{% endfor %}"""
STRIPPED = TAGGED.replace("{{ m.content }}</s>", "{{ ' ' + m.content | trim + ' ' }}</s>")
QWEN = """{% if tools %}{{ tools | tojson }}
{% endif %}{% set ns = namespace(asked=-1) %}
{%- for m in messages %}{% if m.role == 'user' %}{% set ns.asked = loop.index0 %}{% endif %}{% endfor %}
{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}
    {%- if m.role == 'assistant' and loop.index0 > ns.asked and (loop.last or m.reasoning_content) %}
        {{- '<think>\\n' + (m.reasoning_content or '') + '\\n</think>\\n\\n' }}
    {%- endif %}
    {{- m.content or '' }}
    {%- for call in m.tool_calls or [] %}{{ '<tool_call>' + call.function | tojson + '</tool_call>' }}{% endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{%- endif %}"""
ENDS_ONCE = """{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% if loop.last %}<|im_end|>{% endif %}{% endfor %}"""
NAMED = """{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.FIELD %}<think>{{ m.FIELD }}</think>{% endif %}{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
WANTS_TEXT = QWEN.replace(
    "call.function | tojson", "call.function.name + ' ' + call.function.arguments"
)
WANTS_MAPPING = QWEN.replace(
    "call.function | tojson",
    "call.function.name + ' ' + (call.function.arguments.items() | list)[0] | join('=')",
)
SCHEMA = {"type": "object", "properties": {"城市": {"type": "string"}}}
TOOL = ToolSpec(
    "查询", "天气", SCHEMA, {"name": "查询", "description": "天气", "parameters": SCHEMA}
)


def user(text: str) -> Message:
    return Message("user", text)


def model(text: str = "", *calls: ToolCall, reasoning: str | None = None) -> Message:
    return Message("assistant", text, reasoning=reasoning, tool_calls=calls)


def call(name: str = "f", **arguments: Any) -> ToolCall:
    return ToolCall(name, arguments, f"id-{name}")


def result(text: str, name: str = "f") -> Message:
    return Message("tool", text, tool_call_id=f"id-{name}")


SYSTEM, A, B = Message("system", "sys"), user("a?"), user("b?")
ONE, TWO = model("1"), model("2")


@dataclass(frozen=True)
class Report:
    """`expected` is the whole text, or a part of it that must be there."""

    reports: str
    says: str
    source: str
    messages: tuple[Message, ...]
    expected: str
    tools: tuple[ToolSpec, ...] = ()


REPORTS = (
    Report(
        "PrimeIntellect-ai/renderers#66, THUDM/slime#514, #1490, InternLM/xtuner#1997",
        "a turn that the next role's mark ends is trained to write that mark",
        GLM,
        (A, model("", call()), result("r"), model("2"), B, model("3")),
        "<|assistant|>\n⟦<tool_call>f</tool_call><|observation|>⟧\nr<|assistant|>\n⟦2<|user|>⟧\nb?",
        (TOOL,),
    ),
    Report(
        "PrimeIntellect-ai/prime-rl#2644, huggingface/trl#5988",
        "the stop of every turn is trained, also after a call",
        QWEN,
        (A, model("", call(x=1)), result("r"), TWO),
        "⟦<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": 1}}</tool_call><|im_end|>⟧\n",
        (TOOL,),
    ),
    Report(
        "axolotl#3754, axolotl#1761, trl#1623",
        "the template's own stop is trained, not the tokenizer's eos; in every turn",
        GEMMA,
        (A, ONE, B, TWO),
        "<bos><start_of_turn>user\na?<end_of_turn>\n<start_of_turn>model\n⟦1<end_of_turn>⟧\n"
        "<start_of_turn>user\nb?<end_of_turn>\n<start_of_turn>model\n⟦2<end_of_turn>⟧\n",
    ),
    Report(
        "axolotl#2089",
        "turns are the model's where the template moves the system prompt",
        MISTRAL,
        (SYSTEM, A, ONE, B, TWO),
        "<bos>[INST] sys\n\na? [/INST]⟦ 1<eos>⟧[INST] b? [/INST]⟦ 2<eos>⟧",
    ),
    Report(
        "huggingface/transformers#47325",
        "a generation span may begin with the text",
        TAGGED,
        (ONE, A, TWO),
        "⟦1</s>⟧a?|⟦2</s>⟧",
    ),
    Report(
        "huggingface/transformers#47326",
        "a generation span may hold white space of the template",
        STRIPPED,
        (A, model("  1  "), B, TWO),
        "a?|⟦ 1 </s>⟧b?|⟦ 2 </s>⟧",
    ),
    Report(
        "QwenLM/Qwen3#1522, marin#7237, modelscope/ms-swift#9277",
        "a template without generation tags has a mask, of the model's words alone",
        QWEN,
        (SYSTEM, A, model("", call(x="y")), result("r"), TWO),
        "<|im_start|>tool\nr<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n⟦2<|im_end|>⟧\n",
        (TOOL,),
    ),
    Report(
        "NVIDIA-NeMo/Automodel#3739, hiyouga/LlamaFactory#10336",
        "an empty think block that the template puts in is not trained",
        QWEN,
        (A, ONE),
        "<|im_start|>user\na?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n⟦1<|im_end|>⟧\n",
    ),
    Report(
        "THUDM/slime#330",
        "the reasoning field is shown and trained",
        QWEN,
        (A, model("1", reasoning="hm")),
        "<|im_start|>assistant\n⟦<think>\nhm\n</think>\n\n1<|im_end|>⟧\n",
    ),
    *(
        Report(
            "QwenLM/qwen-code#4285",
            f"reasoning reaches templates that read it as {field}",
            NAMED.replace("FIELD", field),
            (A, model("1", reasoning="hm")),
            "<|im_start|>assistant\n⟦<think>hm</think>1<|im_end|>⟧\n",
        )
        for field in ("reasoning_content", "reasoning", "thinking")
    ),
    Report(
        "huggingface/transformers#45419",
        "arguments are text where the template joins them, and escaped once",
        WANTS_TEXT,
        (A, model("", call(q='say "x"'))),
        '⟦<tool_call>f {"q": "say \\"x\\""}</tool_call><|im_end|>⟧',
        (TOOL,),
    ),
    Report(
        "huggingface/transformers#45419",
        "arguments are a mapping where the template looks into it",
        WANTS_MAPPING,
        (A, model("", call(q="x"))),
        "⟦<tool_call>f q=x</tool_call><|im_end|>⟧",
        (TOOL,),
    ),
    Report(
        "ollama#14181",
        "a message with calls alone has no words, not the word None",
        QWEN.replace("m.content or ''", "m.content"),
        (A, model("", call(x=1)), result("r"), TWO),
        "<|im_start|>assistant\n⟦<tool_call>",
        (TOOL,),
    ),
    Report(
        "THUDM/slime#1073, theroyallab/tabbyAPI#459",
        "tools reach the template, in their own letters",
        QWEN,
        (A, ONE),
        '[{"type": "function", "function": {"name": "查询", "description": "天气", "parameters"',
        (TOOL,),
    ),
    Report(
        "hiyouga/LlamaFactory#9610, modelscope/ms-swift#9809",
        "parallel calls stay, in their order",
        QWEN,
        (A, model("both", call("g"), call("f")), result("r", "g"), result("s"), TWO),
        '⟦both<tool_call>{"name": "g", "arguments": {}}</tool_call><tool_call>{"name": "f", '
        '"arguments": {}}</tool_call><|im_end|>⟧',
        (TOOL,),
    ),
    Report(
        "axolotl's masks by rendering a dummy message",
        "words that look like anything are trained whole",
        GEMMA,
        (A, model("[[1, 2], [3, 4]]")),
        "⟦[[1, 2], [3, 4]]<end_of_turn>⟧",
    ),
)  # fmt: skip


@pytest.mark.parametrize("report", REPORTS, ids=[f"{r.reports}: {r.says}" for r in REPORTS])
def test_report(report: Report) -> None:
    template = load_jinja(report.source, tokens={"bos_token": "<bos>", "eos_token": "<eos>"})
    prompt = template.render(Conversation("id", report.messages, report.tools))
    assert report.expected in trained(prompt)
    assert not any(s.trainable for s in prompt.segments if s.kind in ("user", "tool_result"))


def test_a_stop_after_the_last_turn_alone_drops_no_row_and_is_told() -> None:
    """allenai/open-instruct#1800: every row of several turns was rejected."""
    prompt = load_jinja(ENDS_ONCE).render(Conversation("id", (A, ONE, B, TWO)))
    assert trained(prompt).count("⟦") == 2
    assert prompt.warnings == (NO_END_OF_TURN,)


def write(folder: Path, template: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """A recipe for these rows."""
    folder.mkdir(exist_ok=True)
    (folder / "t.jinja").write_text(template)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sources = [str(folder / "rows.jsonl")]
    return {"sources": sources, "tokenizer": "bundled", "template": str(folder / "t.jinja")}


def compiled(out: Path, recipe: dict[str, Any]) -> tuple[SourceCounts, list[dict[str, Any]]]:
    (counts,) = compile_recipe(make_recipe(recipe), out).sources
    return counts, pl.read_parquet(out / "data/*.parquet").to_dicts()


def row(*turns: str, **more: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[i % 2], "content": t, **more} for i, t in enumerate(turns)]}


def text_of(ids: list[int]) -> str:
    return load_tokenizer(tokenizer_dir()).backend.decode(ids, skip_special_tokens=False)


def trained_text(found: dict[str, Any]) -> str:
    return text_of([label for label in found["labels"] if label >= 0])


def test_thinking_that_a_template_forgets_is_trained_in_rows_of_its_own(tmp_path: Path) -> None:
    """PrimeIntellect-ai/prime-rl#2470 (rows dropped), ms-swift#4939 (the model stops thinking),
    verl-project/verl#7322 (whether the second turn sees the first one's thoughts: as served)."""
    rows = row("a", "1", "b", "2")
    rows["messages"][1]["reasoning_content"] = "first"
    rows["messages"][3]["reasoning_content"] = "second"
    counts, found = compiled(tmp_path / "out", write(tmp_path, QWEN, rows))
    assert (counts.read, counts.written, counts.split_off) == (1, 1, 1)
    think = "<think>\n{}\n</think>\n\n{}<|im_end|>"
    assert [trained_text(f) for f in found] == [
        think.format("first", "1"),
        think.format("second", "2"),
    ]
    assert "first" not in text_of(found[1]["input_ids"])


def test_a_token_over_the_edge_of_a_turn_is_not_trained(tmp_path: Path) -> None:
    """areal-project/AReaL#1427, PaddleNLP#7241: the text is tokenized once, whatever is trained."""
    counts, (found,) = compiled(tmp_path / "out", write(tmp_path, QWEN, row("a", "\n\n1")))
    encoder = Encoder(load_tokenizer(tokenizer_dir()))
    whole = text_of(found["input_ids"])
    assert found["input_ids"] == encoder.encode_text(whole).ids.tolist()
    assert whole.endswith(trained_text(found) + "\n")
    assert counts.tally.straddling_tokens >= 0


def test_a_mask_is_cut_with_its_row(tmp_path: Path) -> None:
    """vllm-project/vllm#54539: the mask was not truncated with the prompt."""
    recipe = write(tmp_path, QWEN, row("a", "one two three " * 20))
    _, (whole,) = compiled(tmp_path / "whole", recipe)
    cut = {**recipe, "max_length": 30, "overflow": "truncate_right"}
    _, (found,) = compiled(tmp_path / "cut", cut)
    for column in ("input_ids", "labels", "loss_weights"):
        assert found[column] == whole[column][:30]


def test_loss_on_a_message_with_a_call_is_heard(tmp_path: Path) -> None:
    """modelscope/ms-swift#9263: `loss` was ignored on calls."""
    function = {"name": "f", "arguments": {}}
    calls = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "function": function}],
    }
    rows = row("a", "1", "b", "2")
    rows["messages"][1] = {**calls, "loss": False}
    rows["tools"] = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
    _, (found,) = compiled(tmp_path / "out", write(tmp_path, QWEN, rows))
    assert trained_text(found) == "2<|im_end|>"


def test_a_beginning_token_stands_once(tmp_path: Path) -> None:
    """OpenRLHF#393, trl#1400, open-r1#462: the template writes it and the tokenizer adds it."""
    document = orjson.loads((tokenizer_dir() / "tokenizer.json").read_bytes())
    bos = "<|endoftext|>"
    number = next(t["id"] for t in document["added_tokens"] if t["content"] == bos)
    document["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": bos, "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {bos: {"id": bos, "ids": [number], "tokens": [bos]}},
    }
    (tmp_path / "tokenizer.json").write_bytes(orjson.dumps(document))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"bos_token": bos}))
    (tmp_path / "chat_template.jinja").write_text("{{ bos_token }}" + QWEN)
    tokenizer: LoadedTokenizer = load_tokenizer(tmp_path)
    assert tokenizer.bos == bos
    recipe = write(tmp_path / "rows", QWEN, row("a", "1"))
    recipe |= {"tokenizer": str(tmp_path), "template": "auto"}
    _, (found,) = compiled(tmp_path / "out", recipe)
    assert found["input_ids"].count(number) == 1 == found["input_ids"].index(number) + 1
