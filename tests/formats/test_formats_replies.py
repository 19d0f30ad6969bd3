"""Results and turns of others that stand in a text of the model, in every shape of row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_formats_dialects import ANSWER, ASK, Row, shape
from test_formats_round_trip import again, comparable

from agentdata import formats
from agentdata.assets import tokenizer_dir
from agentdata.checks import find
from agentdata.conversation import Conversation, Message
from agentdata.formats.common.result_marks import EXCHANGES, SIGNS
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.tokenization import load_tokenizer

CALL = '{"name": "tide", "arguments": {"port": "Emden"}}'
TIDE = "user, assistant tide(port=Emden), tool, assistant"
SEARCH = "user, assistant search(query=Emden tide), tool, assistant"
CODE = "user, assistant python(code=print(4)), tool, assistant"

# where texts are written so: (text of the model, turns of the row)
INSIDE: dict[str, tuple[str, str]] = {
    "Search-R1": (
        "<think>I look it up.</think>\n<search> Emden tide </search>\n\n"
        "<information>Doc 1: SECRET</information>\n\n<think>Good.</think>\n<answer> 04:10 </answer>",
        SEARCH,
    ),
    "ReSearch": ("I look. <search>Emden tide</search> <result>SECRET</result> At 04:10.", SEARCH),
    "Search-o1": (
        "I look.\n<|begin_search_query|>Emden tide<|end_search_query|>\n\n"
        "<|begin_search_result|>SECRET<|end_search_result|>\n\nAt 04:10.",
        SEARCH,
    ),
    "Search-o1 without bars": (
        "<begin_search_query>Emden tide<end_search_query>"
        "<begin_search_result>SECRET<end_search_result>At 04:10.",
        SEARCH,
    ),
    "R1-Searcher": (
        "<|begin_of_query|>Emden tide<|end_of_query|>\n\n"
        "<|begin_of_documents|>\nSECRET<|end_of_documents|>\n\nAt 04:10.",
        SEARCH,
    ),
    "several rounds of search": (
        "<search>a</search><information>SECRET</information>\n"
        "<search>b</search><information>SECRET</information>\n<answer>c</answer>",
        "user, assistant search(query=a), tool, assistant search(query=b), tool, assistant",
    ),
    "two calls at once": (
        "<search>a</search>\n<search>b</search>\n"
        "<information>SECRET</information>\n<information>SECRET</information>\nc",
        "user, assistant search(query=a) search(query=b), tool, tool, assistant",
    ),
    "ToRA, NuminaMath-TIR": (
        "We compute.\n```python\nprint(4)\n```\n```output\nSECRET\n```\nSo it is 4.",
        CODE,
    ),
    "one fence between code and output": (
        "We compute.\n```python\nprint(4)\n```output\nSECRET\n```\nSo it is 4.",
        CODE,
    ),
    "code of a shell": (
        "```bash\nls\n```\n<output>\nSECRET\n</output>\nDone.",
        "user, assistant bash(command=ls), tool, assistant",
    ),
    "Gemma": (
        '```tool_code\ntide(port="Emden")\n```\n```tool_output\nSECRET\n```\nAt 04:10.',
        TIDE,
    ),
    "OpenMathInstruct": (
        "<llm-code>\nprint(4)\n</llm-code>\n<llm-code-output>\nSECRET\n</llm-code-output>\nSo 4.",
        CODE,
    ),
    "OpenMathReasoning": (
        "We.\n<tool_call>\nprint(4)\n</tool_call>\n\n```output\nSECRET\n```\n\nSo 4.",
        CODE,
    ),
    "MathCoder": (
        "<|code|>print(4)<|endofblock|><|execution|>SECRET<|endofblock|>So 4.",
        CODE,
    ),
    "ReTool": (
        "<think>\nWe.\n<code>\n```python\nprint(4)\n```\n</code>\n"
        "<interpreter>\nSECRET\n</interpreter>\nSo 4.\n</think>\n\n4",
        CODE,
    ),
    "Calc-X": (
        '<gadget id="calculator">1+3</gadget>\n<output>SECRET</output>\nSo 4.',
        "user, assistant calculator(expression=1+3), tool, assistant",
    ),
    "code in tags": ("<python>print(4)</python>\n<result>SECRET</result>\nSo 4.", CODE),
    "CodeAct": (
        "<execute>\nprint(4)\n</execute>\n<execution_result>\nSECRET\n</execution_result>\nSo 4.",
        "user, assistant execute(code=print(4)), tool, assistant",
    ),
    "Hermes": (
        f"<tool_call>\n{CALL}\n</tool_call>\n<tool_response>\nSECRET\n</tool_response>\nAt 04:10.",
        TIDE,
    ),
    "Hermes with other results": (
        f"<tool_call>\n{CALL}\n</tool_call>\n<observation>\nSECRET\n</observation>\nAt 04:10.",
        TIDE,
    ),
    "function_call": (
        f"<function_call>{CALL}</function_call>\n"
        "<function_response>SECRET</function_response>\nAt 04:10.",
        TIDE,
    ),
    "calls that cannot be read": (
        "<function_call>tide!</function_call>\n<function_response>SECRET</function_response>\nNo.",
        "user, assistant, tool, assistant",
    ),
    "calls that cannot be read, before another's turn": (
        "<function_call>tide!</function_call><|im_end|>\n<|im_start|>tool\nSECRET<|im_end|>\n"
        "<|im_start|>assistant\nNo.",
        "user, assistant, tool, assistant",
    ),
    "Claude 2": (
        '<function_calls>\n<invoke name="tide">\n<parameter name="port">Emden</parameter>\n'
        "</invoke>\n</function_calls>\n<function_results>\nSECRET\n</function_results>\nAt 04:10.",
        TIDE,
    ),
    "Glaive": (
        '<functioncall> {"name": "tide", "arguments": \'{"port": "Emden"}\'} <|endoftext|>\n\n\n'
        "FUNCTION RESPONSE: SECRET\n\n\nASSISTANT: At 04:10. <|endoftext|>",
        TIDE,
    ),
    "Command R": (
        'Action: ```json\n[{"tool_name": "tide", "parameters": {"port": "Emden"}}]\n```\n'
        "<results>\nSECRET\n</results>\nAnswer: At 04:10.",
        TIDE,
    ),
    "Mistral": (
        f"[TOOL_CALLS] [{CALL}]</s>[TOOL_RESULTS] SECRET[/TOOL_RESULTS] At 04:10.</s>",
        TIDE,
    ),
    "Mistral from v11 on": (
        '[TOOL_CALLS]tide[ARGS]{"port": "Emden"}</s>[TOOL_RESULTS]SECRET[/TOOL_RESULTS]At 04:10.',
        TIDE,
    ),
    "DeepSeek-V3": (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>tide\n"
        '```json\n{"port": "Emden"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
        "<｜end▁of▁sentence｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>SECRET"
        "<｜tool▁output▁end｜><｜tool▁outputs▁end｜>At 04:10.<｜end▁of▁sentence｜>",
        TIDE,
    ),
    "Llama 3": (
        f"<|python_tag|>{CALL}<|eom_id|><|start_header_id|>ipython<|end_header_id|>\n\n"
        "SECRET<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nAt 04:10.",
        TIDE,
    ),
    "Llama 3, a tool of its own": (
        '<|python_tag|>brave_search.call(query="tide")<|eom_id|>'
        "<|start_header_id|>ipython<|end_header_id|>\n\nSECRET<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nAt 04:10.",
        "user, assistant brave_search(query=tide), tool, assistant",
    ),
    "ChatML": (
        f"<tool_call>\n{CALL}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\nSECRET\n"
        "</tool_response><|im_end|>\n<|im_start|>assistant\nAt 04:10.<|im_end|>",
        TIDE,
    ),
    "InternLM 2": (
        "<|action_start|><|interpreter|>\nprint(4)<|action_end|><|im_end|>\n"
        "<|im_start|>environment name=<|interpreter|>\nSECRET<|im_end|>\n"
        "<|im_start|>assistant\nSo 4.",
        CODE,
    ),
    "GLM-4": (
        'tide\n{"port": "Emden"}<|observation|>\nSECRET<|assistant|>\nAt 04:10.',
        "user, assistant, tool, assistant",
    ),
    "Gemma's turns": (
        "A<end_of_turn>\n<start_of_turn>tool\nSECRET<end_of_turn>\n<start_of_turn>model\nAt 04:10.",
        "user, assistant, tool, assistant",
    ),
    "Granite": (
        "A<|end_of_text|>\n<|start_of_role|>tool_response<|end_of_role|>SECRET<|end_of_text|>\n"
        "<|start_of_role|>assistant<|end_of_role|>At 04:10.<|end_of_text|>",
        "user, assistant, tool, assistant",
    ),
    "Command R's turns": (
        'Action: ```json\n[{"tool_name": "tide", "parameters": {"port": "Emden"}}]\n```'
        "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|><results>\nSECRET\n</results>"
        "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>At 04:10.",
        TIDE,
    ),
    "Kimi": (
        "A<|im_end|><|im_system|>tide<|im_middle|>SECRET<|im_end|>"
        "<|im_assistant|>assistant<|im_middle|>At 04:10.<|im_end|>",
        "user, assistant, tool, assistant",
    ),
    "Phi-4": (
        "A<|end|><|tool_response|>SECRET<|end|><|assistant|>At 04:10.<|end|>",
        "user, assistant, tool, assistant",
    ),
    "MiniMax": (
        "A[e~[\n]~b]tool\nSECRET[e~[\n]~b]ai\nAt 04:10.[e~[",
        "user, assistant, tool, assistant",
    ),
    "functionary v1": (
        'I look.\n<|START_OF_FUNCTION_CALL|>tide:\n{"port": "Emden"}<|END_OF_FUNCTION_CALL|>\n'
        "function name=tide:\nSECRET<|END_OF_FUNCTION_RESULT|>\nassistant:\nAt 04:10."
        "<|END_OF_ASSISTANT|>",
        TIDE,
    ),
    "functionary v2": (
        'tide\n<|content|>{"port": "Emden"}<|stop|>\n<|from|>tide\n<|recipient|>all\n<|content|>'
        "SECRET\n<|from|>assistant\n<|recipient|>all\n<|content|>At 04:10.<|stop|>",
        TIDE,
    ),
    "functionary v3.1": (
        '<function=tide>{"port": "Emden"}</function><|eom_id|>'
        "<|start_header_id|>ipython<|end_header_id|>\n\nSECRET<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nAt 04:10.<|eot_id|>",
        TIDE,
    ),
    "the model's own head first": (
        "<|im_start|>assistant\nA<|im_end|>\n<|im_start|>tool\nSECRET<|im_end|>\n"
        "<|im_start|>assistant\nAt 04:10.<|im_end|>",
        "user, assistant, tool, assistant",
    ),
    "a question of the user's": (
        "At 04:10.<|im_end|>\n<|im_start|>user\nSECRET<|im_end|>\n<|im_start|>assistant\nYes.",
        "user, assistant, user, assistant",
    ),
    "ReAct": (
        'Thought: x\nAction: tide\nAction Input: {"port": "Emden"}\nObservation: SECRET\n'
        "Thought: y\nFinal Answer: 04:10",
        TIDE,
    ),
}

SHAPES: dict[str, Callable[[str], Row]] = {
    "messages": lambda text: {
        "messages": [{"role": "user", "content": ASK}, {"role": "assistant", "content": text}]
    },
    "ShareGPT": lambda text: {
        "conversations": [{"from": "human", "value": ASK}, {"from": "gpt", "value": text}]
    },
    "prompt and response": lambda text: {"prompt": ASK, "response": text},
    "query and response": lambda text: {"query": ASK, "response": text},
    "chosen": lambda text: {"prompt": ASK, "chosen": text, "rejected": "No."},
    "list of texts": lambda text: {"data": [ASK, text]},
    "Gemini": lambda text: {
        "contents": [
            {"role": "user", "parts": [{"text": ASK}]},
            {"role": "model", "parts": [{"text": text}]},
        ]
    },
}


def read(row: Row) -> Conversation:
    return formats.get(formats.detect([row])).read(row)


def left(conversation: Conversation) -> list[str]:
    return [found.pointer for found in find(conversation) if found.code == "result_in_reply"]


@pytest.mark.parametrize("name", INSIDE)
def test_what_others_said_is_taken_out_in_every_shape_of_row(name: str) -> None:
    text, turns = INSIDE[name]
    for kind, row_of in SHAPES.items():
        conversation = read(row_of(text))
        assert shape(conversation) == turns, kind
        own = [message for message in conversation.messages if message.role == "assistant"]
        assert "SECRET" not in repr(own), kind
        assert repr(conversation.messages).count("SECRET") == text.count("SECRET"), kind
        assert repr(own).count("tide!") == text.count("tide!"), kind
        assert not left(conversation), kind
        assert comparable(again(conversation)) == comparable(conversation), kind


def test_no_trained_token_carries_them(tmp_path: Path) -> None:
    rows = [SHAPES["messages"](text) for text, _ in INSIDE.values()]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for template in ("hermes", "react_en"):
        values = {"sources": [str(source)], "tokenizer": "bundled", "template": "chatml"}
        compile_recipe(make_recipe({**values, "agent_template": template}), tmp_path / template)
        table = pl.concat(
            [pl.read_parquet(path) for path in (tmp_path / template / "data").glob("*.parquet")]
        )
        assert len(table) == len(rows)
        tokenizer = load_tokenizer(tokenizer_dir())
        for ids, weights in zip(table["input_ids"], table["loss_weights"], strict=True):
            trained = np.asarray(ids)[np.asarray(weights) > 0]
            assert "SECRET" in tokenizer.backend.decode(ids.to_list(), skip_special_tokens=False)
            assert "SECRET" not in tokenizer.backend.decode(trained.tolist())


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("The block\n```output\n4\n```\nis what it prints.", True),
        ("Here is <information>what I know</information>.", True),
        (
            "Write `<search>a</search>`, then read what is in `<information>` ... `</information>`.",
            True,
        ),
        ("```xml\n<search>a</search>\n<information>b</information>\n```\nis how it looks.", True),
        ("```html\n<output>4</output>\n```", True),
        ("A tag <information> alone.", False),
        ("```python\nprint(4)\n```\nThis prints 4.", False),
        ("<answer>4</answer> <b>bold</b> <|x|>", False),
        ("A turn is <|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nho<|im_end|>", True),
        ("Observation: it rains.", False),
    ],
)
def test_what_may_be_words_of_the_model_is_kept_and_told(text: str, warned: bool) -> None:
    conversation = read(SHAPES["messages"](text))
    assert [message.content for message in conversation.messages] == [ASK, text]
    assert left(conversation) == (["/messages/1"] if warned else [])


def test_a_result_without_an_end_goes_on_to_the_end() -> None:
    conversation = read(SHAPES["messages"]("<search>a</search>\n<information>SECRET and"))
    assert shape(conversation) == "user, assistant search(query=a), tool"
    assert conversation.warnings == ("result_not_closed",)


def test_every_part_keeps_the_weight_of_its_message_and_the_last_its_calls() -> None:
    made = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"role": "assistant", "content": INSIDE["ReSearch"][0], "tool_calls": [made]}
    row = {"messages": [{"role": "user", "content": ASK}, {**said, "loss": False}]}
    conversation = formats.get("openai").read(row)
    assert shape(conversation) == f"{SEARCH} f()"
    own = [message for message in conversation.messages if message.role == "assistant"]
    assert [message.loss for message in own] == [False, False]


def test_reasoning_is_cut_too() -> None:
    row = SHAPES["messages"](ANSWER)
    row["messages"][1]["reasoning_content"] = INSIDE["Search-o1"][0]
    conversation = formats.get("openai").read(row)
    assert conversation.messages[1:] == (
        replace(conversation.messages[1], reasoning="I look.", content=""),
        Message("tool", "SECRET"),
        Message("assistant", ANSWER, "At 04:10."),
    )


MARKS = sorted(set(chain.from_iterable((e.call, *e.results) for e in EXCHANGES)))
PIECES = [
    *dict.fromkeys(chain.from_iterable(MARKS)),
    *("\n", " ", "alpha", "```python\n", "```\n", "```output\n", "<think>", "</think>", "</s>"),
    *("<think>\n", "\n</think>\n\n", "<|im_end|>\n<|im_start|>user\n", "<|im_start|>assistant\n"),
    *("<|observation|>", "<|assistant|>", "Observation: b\n", "Action: f[x]\n"),
    *("<|from|>tool<|recipient|>all<|content|>", "<|from|>assistant<|recipient|>f<|content|>"),
    *("<|end|>", "<|tool|>", "[e~[", "]~b]tool\n", "<|END_OF_FUNCTION_CALL|>\n"),
    *("function name=f:\n", "assistant:\n"),
]
ROUNDS = st.sampled_from(EXCHANGES).flatmap(
    lambda e: st.sampled_from(e.results or [e.call]).map(
        lambda marks: f"{e.call.open}\nalpha\n{e.call.close}\n{marks.open}\nalpha\n{marks.close}\n"
    )
)


@given(st.lists(st.sampled_from(PIECES) | ROUNDS, max_size=9).map("".join))
def test_no_word_is_lost_and_what_was_cut_is_not_cut_again(text: str) -> None:
    conversation = formats.get("openai").read(SHAPES["messages"](text))
    assert comparable(again(conversation)) == comparable(conversation)
    assert repr(conversation.messages).count("alpha") == text.count("alpha")


def test_every_result_bears_a_sign() -> None:
    for exchange in EXCHANGES:
        for marks in exchange.results:
            text: Any = f"{marks.open}x{marks.close}"
            assert any(sign in text for sign in SIGNS), marks


def test_runs_of_react_in_messages_of_ms_swift_stay_and_are_told_of() -> None:
    row = SHAPES["messages"](INSIDE["ReAct"][0])
    assert formats.detect([row]) == "react"
    conversation = formats.get("swift").read(row)
    assert conversation.messages[-1].text == INSIDE["ReAct"][0]
    assert left(conversation) == ["/messages/1"]
