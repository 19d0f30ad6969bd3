"""More rows in published shapes: logs of frameworks and gateways, and data sets of other origin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_formats_dialects import (
    ANSWER,
    ARGUMENTS,
    ASK,
    CALL,
    FUNCTION,
    GLAIVE_SYSTEM,
    OPENAI_CALL,
    RESULT,
    ROUND,
    TIDE,
    TOLD,
    A,
    Row,
    U,
    chat,
    dumps,
    shape,
)

from agentdata import formats
from agentdata.errors import RowError

LC_CALL = {"name": "tide", "args": ARGUMENTS, "id": "c1", "type": "tool_call"}


def lc(name: str, **fields: Any) -> Row:
    """A message as LangChain's `dumpd` writes it."""
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", name],
        "kwargs": fields,
    }


# name of the source: (row, format, turns, number of tools)
DIALECTS: dict[str, tuple[Row, str, str, int]] = {
    "AI SDK 5 messages of the interface": (
        chat(
            {"id": "m1", "role": "user", "parts": [{"type": "text", "text": ASK}]},
            {
                "id": "m2",
                "role": "assistant",
                "parts": [
                    {"type": "step-start"},
                    {"type": "reasoning", "text": "I look.", "state": "done"},
                    {
                        "type": "tool-tide",
                        "toolCallId": "c1",
                        "state": "output-available",
                        "input": ARGUMENTS,
                        "output": {"high": "04:10"},
                    },
                    {"type": "step-start"},
                    {"type": "text", "text": ANSWER, "state": "done"},
                ],
            },
        ),
        "ai_sdk",
        ROUND,
        0,
    ),
    "AI SDK 4 messages of the interface": (
        chat(
            {"id": "m1", "role": "user", "content": ASK, "parts": [{"type": "text", "text": ASK}]},
            {
                "id": "m2",
                "role": "assistant",
                "content": ANSWER,
                "parts": [
                    {"type": "step-start"},
                    {
                        "type": "tool-invocation",
                        "toolInvocation": {
                            "state": "result",
                            "step": 0,
                            "toolCallId": "c1",
                            "toolName": "tide",
                            "args": ARGUMENTS,
                            "result": {"high": "04:10"},
                        },
                    },
                    {"type": "text", "text": ANSWER},
                ],
            },
        ),
        "ai_sdk",
        ROUND,
        0,
    ),
    "AI SDK messages to the model": (
        chat(
            U,
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {
                        "type": "tool-call",
                        "toolCallId": "c1",
                        "toolName": "tide",
                        "input": ARGUMENTS,
                    },
                ],
            },
            {
                "role": "tool",
                "content": [
                    {
                        "type": "tool-result",
                        "toolCallId": "c1",
                        "toolName": "tide",
                        "output": {"type": "json", "value": {"high": "04:10"}},
                    }
                ],
            },
            {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]},
        ),
        "ai_sdk",
        ROUND,
        0,
    ),
    "LangChain messages_to_dict": (
        chat(
            {"type": "human", "data": {"content": ASK, "additional_kwargs": {}, "type": "human"}},
            {
                "type": "ai",
                "data": {
                    "content": "",
                    "additional_kwargs": {"tool_calls": [OPENAI_CALL]},
                    "type": "ai",
                    "tool_calls": [LC_CALL],
                    "invalid_tool_calls": [],
                },
            },
            {
                "type": "tool",
                "data": {"content": RESULT, "type": "tool", "name": "tide", "tool_call_id": "c1"},
            },
            {"type": "ai", "data": {"content": ANSWER, "type": "ai", "tool_calls": []}},
        ),
        "langchain",
        ROUND,
        0,
    ),
    "LangChain model_dump": (
        chat(
            {"type": "human", "content": ASK, "additional_kwargs": {}, "id": "1"},
            {
                "type": "ai",
                "content": "",
                "additional_kwargs": {"tool_calls": [OPENAI_CALL]},
                "tool_calls": [LC_CALL],
                "invalid_tool_calls": [],
            },
            {"type": "tool", "content": RESULT, "name": "tide", "tool_call_id": "c1"},
            {"type": "ai", "content": ANSWER, "tool_calls": []},
        ),
        "langchain",
        ROUND,
        0,
    ),
    "LangChain dumpd": (
        chat(
            lc("SystemMessage", content="x"),
            lc("HumanMessage", content=ASK),
            lc("AIMessage", content="", tool_calls=[LC_CALL]),
            lc("ToolMessage", content=RESULT, tool_call_id="c1"),
            lc("AIMessage", content=ANSWER),
        ),
        "langchain",
        "system, " + ROUND,
        0,
    ),
    "LangSmith run of messages": (
        {
            "id": "r",
            "name": "ChatOpenAI",
            "run_type": "llm",
            "inputs": {
                "messages": [
                    [
                        lc("HumanMessage", content=ASK),
                        lc("AIMessage", content="", tool_calls=[LC_CALL]),
                        lc("ToolMessage", content=RESULT, tool_call_id="c1"),
                    ]
                ]
            },
            "outputs": {
                "generations": [[{"text": ANSWER, "message": lc("AIMessage", content=ANSWER)}]]
            },
        },
        "langchain",
        ROUND,
        0,
    ),
    "LangSmith run of roles": (
        {"inputs": {"messages": [U]}, "outputs": {"messages": [A]}},
        "langchain",
        "user, assistant",
        0,
    ),
    "Langfuse generation": (
        {"input": [U], "output": A},
        "langchain",
        "user, assistant",
        0,
    ),
    "Langfuse generation with tools": (
        {
            "input": {"messages": [U], "tools": [FUNCTION]},
            "output": {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
        },
        "langchain",
        "user, assistant tide(port=Emden)",
        1,
    ),
    "AutoGen 0.4": (
        {
            "messages": [
                {"type": "TextMessage", "source": "user", "content": ASK, "models_usage": None},
                {
                    "type": "ToolCallRequestEvent",
                    "source": "bot",
                    "content": [{"id": "c1", "name": "tide", "arguments": dumps(ARGUMENTS)}],
                },
                {
                    "type": "ToolCallExecutionEvent",
                    "source": "bot",
                    "content": [
                        {"call_id": "c1", "name": "tide", "content": RESULT, "is_error": False}
                    ],
                },
                {"type": "TextMessage", "source": "bot", "content": ANSWER},
            ],
            "stop_reason": None,
        },
        "autogen",
        ROUND,
        0,
    ),
    "AutoGen 0.2 chat_history": (
        {
            "chat_history": [
                {"content": ASK, "role": "user", "name": "user_proxy"},
                {"content": "", "role": "assistant", "tool_calls": [OPENAI_CALL], "name": "bot"},
                {
                    "content": RESULT,
                    "role": "tool",
                    "tool_responses": [{"tool_call_id": "c1", "role": "tool", "content": RESULT}],
                    "name": "user_proxy",
                },
                {"content": ANSWER, "role": "assistant", "name": "bot"},
            ]
        },
        "autogen",
        ROUND,
        0,
    ),
    "ATIF (Harbor, OpenThoughts-Agent)": (
        {
            "schema_version": "ATIF-v1.2",
            "session_id": "s",
            "agent": {"name": "a", "version": "1", "model_name": "m"},
            "steps": [
                {"step_id": 1, "source": "user", "message": ASK},
                {
                    "step_id": 2,
                    "source": "agent",
                    "message": "I look.",
                    "reasoning_content": "r",
                    "tool_calls": [
                        {"tool_call_id": "c1", "function_name": "tide", "arguments": ARGUMENTS}
                    ],
                    "observation": {"results": [{"source_call_id": "c1", "content": RESULT}]},
                },
                {"step_id": 3, "source": "agent", "message": ANSWER},
            ],
            "final_metrics": {},
        },
        "atif",
        ROUND,
        0,
    ),
    "LiteLLM log": (
        {"model": "m", "messages": [U], "response": {"choices": [{"message": A}]}},
        "exchange",
        "user, assistant",
        0,
    ),
    "Mistral API": (
        chat(
            U,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"id": "abc", "function": {"name": "tide", "arguments": dumps(ARGUMENTS)}}
                ],
                "prefix": False,
            },
            {"role": "tool", "name": "tide", "content": RESULT, "tool_call_id": "abc"},
            A,
            tools=[FUNCTION],
        ),
        "openai",
        ROUND,
        1,
    ),
    "Mistral thinking chunks": (
        chat(
            U,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "I look."}]},
                    {"type": "text", "text": ANSWER},
                ],
            },
        ),
        "openai",
        "user, assistant",
        0,
    ),
    "ToolMind": (
        {
            "conversations": [
                {"role": "system", "content": "x"},
                U,
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning_content": "I",
                    "tool_calls": [OPENAI_CALL],
                },
                {"role": "tool", "content": RESULT},
                A,
            ],
            "tools": [FUNCTION],
        },
        "openai",
        "system, " + ROUND,
        1,
    ),
    "smoltalk apigen-80k": (
        chat(
            {
                "role": "system",
                "content": f'You are an expert in composing functions. You are given a question and a set of possible functions. \nYou have access to the following tools:\n<tools>{dumps([TIDE])}</tools>\n\nThe output MUST strictly adhere to the following format.\nThe format is as follows:\n<tool_call>[\n{{"name": "func_name1", "arguments": {{"argument1": "value1"}}}},\n... (more tool calls as required)\n]</tool_call>',
            },
            U,
            {"role": "assistant", "content": f"<tool_call>{dumps([CALL])}</tool_call>"},
        ),
        "hermes",
        "system, user, assistant tide(port=Emden)",
        1,
    ),
    "OpenThoughts-Agent-v1-SFT": (
        {
            "conversations": [
                {"content": "You operate a terminal", "role": "user"},
                {
                    "content": '{"analysis": "x", "commands": [{"keystrokes": "ls\\n", "duration": 0.1}]}',
                    "role": "assistant",
                },
                {"content": "New Terminal Output", "role": "user"},
                {"content": '{"task_complete": true}', "role": "assistant"},
            ],
            "agent": "terminus-2",
            "model": "m",
            "model_provider": "p",
            "date": "d",
            "task": "t",
            "episode": "e",
            "run_id": "r",
            "trial_name": "t",
        },
        "openai",
        "user, assistant, user, assistant",
        0,
    ),
    "Kimi K2 transcript": (
        chat(
            U,
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "r",
                "tool_calls": [{**OPENAI_CALL, "id": "functions.tide:0", "index": 0}],
            },
            {"role": "tool", "tool_call_id": "functions.tide:0", "name": "tide", "content": RESULT},
            A,
        ),
        "openai",
        ROUND,
        0,
    ),
    "Nemotron-Agentic-v1": (
        chat(
            U,
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "x",
                "tool_calls": [OPENAI_CALL],
            },
            {"role": "tool", "tool_call_id": "c1", "content": RESULT},
            A,
            uuid="u",
            tools=[FUNCTION],
            reasoning="on",
            used_in=[],
        ),
        "openai",
        ROUND,
        1,
    ),
    "glaive-function-calling-v2 as messages": (
        chat(
            {"role": "system", "content": f"{GLAIVE_SYSTEM}{json.dumps(TIDE, indent=4)}\n"},
            U,
            {
                "role": "assistant",
                "content": f'<functioncall> {{"name": "tide", "arguments": \'{dumps(ARGUMENTS)}\'}}',
            },
            {"role": "function", "content": RESULT},
            A,
        ),
        "glaive",
        "system, " + ROUND,
        1,
    ),
    "FireAct (alpaca format)": (
        {
            "instruction": "Solve with Thought, Action, Observation.",
            "input": "Question: " + ASK,
            "output": "Thought: I search.\nAction: search[Emden]\nObservation: SECRET\nThought: Done.\nAction: finish[04:10]",
        },
        "alpaca",
        "user, assistant search(Emden), tool, assistant",
        0,
    ),
    "ReAct with observations in one turn": (
        {
            "conversations": [
                {"from": "human", "value": ASK},
                {
                    "from": "gpt",
                    "value": "Thought: x\nAction: search[tea]\nObservation: SECRET\nThought: y\nAction: finish[z]",
                },
            ]
        },
        "react",
        "user, assistant search(tea), tool, assistant",
        0,
    ),
    "hh-rlhf": (
        {
            "chosen": "\n\nHuman: " + ASK + "\n\nAssistant: " + ANSWER,
            "rejected": "\n\nHuman: " + ASK + "\n\nAssistant: No.",
        },
        "preference",
        "user, assistant",
        0,
    ),
    "SlimOrca": (
        {
            "conversations": [
                {"from": "system", "value": "x", "weight": None},
                {"from": "human", "value": ASK, "weight": 0.0},
                {"from": "gpt", "value": ANSWER, "weight": 1.0},
            ]
        },
        "sharegpt",
        "system, user, assistant",
        0,
    ),
    "Magpie": (
        {
            "conversation_id": "c",
            "instruction": ASK,
            "response": ANSWER,
            "conversations": [{"from": "human", "value": ASK}, {"from": "gpt", "value": ANSWER}],
            "gen_input_configs": {},
        },
        "sharegpt",
        "user, assistant",
        0,
    ),
    "Aguvis": (
        {
            "image": "a.png",
            "conversations": [
                {"from": "system", "value": "x"},
                {"from": "human", "value": "<image>Click"},
                {
                    "from": "gpt",
                    "recipient": "os",
                    "end_turn": True,
                    "value": "pyautogui.click(x=0.1, y=0.2)",
                },
            ],
        },
        "sharegpt",
        "system, user, assistant",
        0,
    ),
    "xlam-irrelevance-7.5k": (
        {"id": "1", "query": ASK, "tools": dumps([TIDE]), "answers": "[]"},
        "xlam",
        "user, assistant",
        1,
    ),
    "Gemini contents": (
        {
            "contents": [
                {"role": "user", "parts": [{"text": ASK}]},
                {"role": "model", "parts": [{"functionCall": {"name": "tide", "args": ARGUMENTS}}]},
                {
                    "role": "user",
                    "parts": [
                        {"functionResponse": {"name": "tide", "response": {"high": "04:10"}}}
                    ],
                },
                {"role": "model", "parts": [{"text": ANSWER}]},
            ],
            "tools": [{"functionDeclarations": [TIDE]}],
        },
        "gemini",
        ROUND,
        1,
    ),
    "Vertex AI tuning": (
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "x"}]},
            "contents": [
                {"role": "user", "parts": [{"text": ASK}]},
                {"role": "model", "parts": [{"text": ANSWER}]},
            ],
        },
        "gemini",
        "system, user, assistant",
        0,
    ),
    "Bedrock tuning": (
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "x"}],
            "messages": [
                {"role": "user", "content": [{"text": ASK}]},
                {"role": "assistant", "content": [{"text": ANSWER}]},
            ],
        },
        "bedrock",
        "system, user, assistant",
        0,
    ),
    "Qwen3-Coder text": (
        chat(
            U,
            {
                "role": "assistant",
                "content": "<tool_call>\n<function=tide>\n<parameter=port>\nEmden\n</parameter>\n</function>\n</tool_call>",
            },
            {"role": "user", "content": "<tool_response>\n1\n</tool_response>"},
            A,
            tools=[FUNCTION],
        ),
        "hermes",
        ROUND,
        1,
    ),
    "GLM-4.5 text": (
        chat(
            U,
            {
                "role": "assistant",
                "content": "<tool_call>tide\n<arg_key>port</arg_key>\n<arg_value>Emden</arg_value>\n</tool_call>",
            },
            {"role": "tool", "content": RESULT},
            A,
            tools=[FUNCTION],
        ),
        "hermes",
        ROUND,
        1,
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_a_published_row_is_detected_and_read(name: str) -> None:
    row, format_, turns, tools = DIALECTS[name]
    assert formats.detect([row]) == format_
    conversation = formats.get(format_).read(row)
    assert shape(conversation) == turns
    assert len(conversation.tools) == tools
    assert set(conversation.warnings) <= {"arguments_as_text", *TOLD}


@pytest.mark.parametrize("name", DIALECTS)
def test_no_word_of_a_result_is_the_models(name: str) -> None:
    row, format_, *_ = DIALECTS[name]
    for message in formats.get(format_).read(row).messages:
        assert "SECRET" not in message.text or message.role == "tool"
        assert "SECRET" not in str(message.tool_calls)


@pytest.mark.parametrize("name", [name for name in DIALECTS if DIALECTS[name][2] == ROUND])
def test_the_words_of_a_round_are_all_there(name: str) -> None:
    row, format_, *_ = DIALECTS[name]
    asked, _, result, answered = formats.get(format_).read(row).messages
    assert (asked.text, answered.text) == (ASK, ANSWER)
    assert "04:10" in result.text or result.text.strip() == "1"


@pytest.mark.parametrize(
    ("output", "turns"),
    [
        (A, "user, assistant"),
        ({"choices": [{"message": A}]}, "user, assistant"),
        ({"messages": [U, A]}, "user, assistant"),
        ({"generations": [[{"text": ANSWER, "message": A}]]}, "user, assistant"),
        ({"text": ANSWER}, "not_a_conversation"),
    ],
)
def test_what_a_run_gave_back_is_read_or_missed(output: Row, turns: str) -> None:
    row = {"inputs": {"messages": [U]}, "outputs": output}
    try:
        assert shape(formats.get("langchain").read(row)) == turns
    except RowError as error:
        assert error.code == turns


@pytest.mark.parametrize(
    ("row", "format_", "code", "pointer"),
    [
        (
            chat({"id": "1", "role": "user", "parts": [{"type": "text", "text": ASK}, {}]}),
            "ai_sdk",
            "bad_content",
            "/messages/0/parts/1",
        ),
        (
            chat(U, {"role": "assistant", "parts": [{"type": "step-start"}, {"type": "hologram"}]}),
            "ai_sdk",
            "unknown_part",
            "/messages/1",
        ),
        (
            chat({"type": "human", "content": ASK}, {"type": "remove", "content": ""}),
            "langchain",
            "unknown_role",
            "/messages/1",
        ),
        (
            chat({"type": "Oracle", "source": "user", "content": ASK}),
            "autogen",
            "unknown_event",
            "/messages/0",
        ),
        (
            {"steps": [{"source": "user", "message": ASK}, {"source": "dog", "message": "w"}]},
            "atif",
            "unknown_role",
            "/steps/1/source",
        ),
        (
            {"steps": [{"source": "agent", "message": "", "tool_calls": [{"arguments": {}}]}]},
            "atif",
            "bad_tool_call",
            "/steps/0",
        ),
    ],
)
def test_faults_name_their_place_in_the_row(
    row: Row, format_: str, code: str, pointer: str
) -> None:
    with pytest.raises(RowError) as caught:
        formats.get(format_).read(row)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
