"""Rows as published data sets have them, detected by shape and read without loss."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentdata import formats
from agentdata.conversation import Conversation

Row = dict[str, Any]


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


PORT = {"port": {"type": "string", "description": "Name of the port"}}
SCHEMA = {"type": "object", "properties": PORT, "required": ["port"]}
TIDE = {"name": "tide", "description": "High water of a port", "parameters": SCHEMA}
FUNCTION = {"type": "function", "function": TIDE}
ARGUMENTS = {"port": "Emden"}
CALL = {"name": "tide", "arguments": ARGUMENTS}
OPENAI_CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "tide", "arguments": dumps(ARGUMENTS)},
}
RESULT = '{"high": "04:10"}'
ASK, ANSWER = "High water in Emden?", "At 04:10."
U = {"role": "user", "content": ASK}
A = {"role": "assistant", "content": ANSWER}
ROUND = "user, assistant tide(port=Emden), tool, assistant"


def chat(*messages: Row, **row: Any) -> Row:
    return {"messages": list(messages), **row}


def share(*turns: tuple[str, str], **row: Any) -> Row:
    return {"conversations": [{"from": role, "value": text} for role, text in turns], **row}


def shape(conversation: Conversation) -> str:
    """The turns in one line: role, then the calls with their arguments."""

    def one(message: Any) -> str:
        calls = (
            f"{call.name}({call.arguments})"
            if isinstance(call.arguments, str)
            else f"{call.name}({', '.join(f'{k}={v}' for k, v in call.arguments.items())})"
            for call in message.tool_calls
        )
        return " ".join([message.role, *calls])

    return ", ".join(map(one, conversation.messages))


TOOLBENCH_SYSTEM = (
    "You are AutoGPT, you can use many tools(functions) to do the following task.\n"
    "Your output should follow this format:\nThought:\nAction\nAction Input:\n"
    "Specifically, you have access to the following APIs: "
    + str([{**TIDE, "parameters": {**SCHEMA, "optional": []}}])
)
HERMES_SYSTEM = (
    "You are a function calling AI model. You are provided with function signatures within "
    "<tools> </tools> XML tags. You may call one or more functions to assist with the user query. "
    "Don't make assumptions about what values to plug into functions.\n<tools>\n"
    f"{dumps([FUNCTION])}\n</tools>\nFor each function call return a JSON object, with the "
    "following pydantic model json schema for each:\n{'title': 'FunctionCall'}\nEach function call "
    "should be enclosed within <tool_call> </tool_call> XML tags.\nExample:\n<tool_call>\n"
    "{'name': <function-name>, 'arguments': <args-dict>}\n</tool_call>"
)
API_BANK_PROMPT = (
    "Generate an API request in the format of [ApiName(key1='value1', key2='value2', ...)] based "
    "on the previous dialogue context.\nThe current time is 2039-03-09 18:56:09 Thursday.\n"
    "Input: \nUser: User's utterence\nAI: AI's response\n\nExpected output:\n"
    "API-Request: [ApiName(key1='value1', key2='value2', ...)]\n\nAPI descriptions:\n"
)
GLAIVE_SYSTEM = (
    "You are a helpful assistant with access to the following functions. Use them if required -\n"
)
SWE_TURNS = (
    {"role": "system", "content": "You are a helpful assistant that works in a shell."},
    {"role": "user", "content": "List the files."},
)
FN_CALL = "I look.\n\n<function=execute_bash>\n<parameter=command>ls</parameter>\n</function>"
BASH = {"name": "execute_bash", "description": "Runs", "parameters": {"type": "object"}}
BASH_CALL = {
    "id": "b1",
    "type": "function",
    "function": {"name": "execute_bash", "arguments": '{"command": "ls"}'},
}

TOLD = {"rejected_answer_passed_over", "unwanted_answer_not_trained", "boxes_in_pixels"}
"""Warnings that tell how a good row is read."""

# name of the data set: (row, format, turns, number of tools)
DIALECTS: dict[str, tuple[Row, str, str, int]] = {
    "glaive-function-calling-v2": (
        {
            "system": f"SYSTEM: {GLAIVE_SYSTEM}{json.dumps(TIDE, indent=4)}\n",
            "chat": f"USER: {ASK}\n\n\nASSISTANT: <functioncall> "
            f'{{"name": "tide", "arguments": \'{dumps(ARGUMENTS)}\'}} <|endoftext|>\n\n\n'
            f"FUNCTION RESPONSE: {RESULT}\n\n\nASSISTANT: {ANSWER} <|endoftext|>\n\n\n",
        },
        "glaive",
        "system, " + ROUND,
        1,
    ),
    "glaive-function-calling-v2-sharegpt": (
        share(
            ("system", f"{GLAIVE_SYSTEM}{json.dumps(TIDE, indent=4)}\n"),
            ("human", ASK),
            ("gpt", f'<functioncall> {{"name": "tide", "arguments": \'{dumps(ARGUMENTS)}\'}}'),
            ("function_response", RESULT),
            ("gpt", ANSWER),
        ),
        "glaive",
        "system, " + ROUND,
        1,
    ),
    "glaive_toolcall (LLaMA-Factory)": (
        share(
            ("human", ASK),
            ("function_call", dumps(CALL)),
            ("observation", RESULT),
            ("gpt", ANSWER),
            tools=dumps([TIDE]),
        ),
        "sharegpt",
        ROUND,
        1,
    ),
    "xlam-function-calling-60k": (
        {
            "id": 1,
            "query": ASK,
            "answers": dumps([CALL]),
            "tools": dumps([{**TIDE, "parameters": PORT}]),
        },
        "xlam",
        "user, assistant tide(port=Emden)",
        1,
    ),
    "APIGen-MT-5k": (
        share(
            ("human", ASK),
            ("function_call", dumps(CALL)),
            ("observation", RESULT),
            ("gpt", ANSWER),
            tools=dumps([TIDE]),
            system="You follow the policy.",
        ),
        "sharegpt",
        "system, " + ROUND,
        1,
    ),
    "hermes-function-calling-v1 func_calling": (
        share(
            ("system", HERMES_SYSTEM),
            ("human", ASK),
            ("gpt", f"<tool_call>\n{CALL}\n</tool_call>"),
            ("tool", f"<tool_response>\n{dumps({'name': 'tide', 'content': 1})}\n</tool_response>"),
            ("gpt", ANSWER),
            id="x",
            tools=dumps([FUNCTION]),
            category="Sea",
            subcategory="Tides",
            task="t",
        ),
        "hermes",
        ROUND,
        1,
    ),
    "hermes-function-calling-v1 glaive_func_calling": (
        share(
            ("system", HERMES_SYSTEM),
            ("human", ASK),
            ("gpt", f"<tool_call>\n{CALL}\n</tool_call>"),
            ("tool", f"<tool_response>\n{RESULT}\n</tool_response>"),
            ("gpt", ANSWER),
            source="glaive",
        ),
        "hermes",
        ROUND,
        1,
    ),
    "hermes-function-calling-v1 json_mode_singleturn": (
        share(
            (
                "system",
                "You are a helpful assistant that answers in JSON. Here's the json schema you must adhere to:\n<schema>\n{'type': 'object'}\n</schema>",
            ),
            ("human", ASK),
            ("gpt", '{"high": "04:10"}'),
            id="x",
            schema="{}",
        ),
        "sharegpt",
        "system, user, assistant",
        0,
    ),
    "ToolACE": (
        share(
            ("user", ASK),
            ("assistant", '[tide(port="Emden")]'),
            ("tool", f'[{{"name": "tide", "results": {RESULT}}}]'),
            ("assistant", ANSWER),
            system="You are an expert in composing functions. Here is a list of functions in JSON format that you can invoke:\n"
            f"{dumps([TIDE])}. \nShould you decide to return the function call(s). Put it in the "
            "format of [func1(params_name=params_value), func2(params)]\n\n"
            "NO other text MUST be included. ",
        ),
        "toolace",
        "system, " + ROUND,
        1,
    ),
    "ToolBench G1 train": (
        share(
            ("system", TOOLBENCH_SYSTEM),
            ("user", f"\n{ASK}\nBegin!\n"),
            ("assistant", f"\nThought: I look.\nAction: tide\nAction Input: {dumps(ARGUMENTS)}"),
            ("function", dumps({"error": "", "response": RESULT})),
            (
                "assistant",
                '\nThought: Done.\nAction: Finish\nAction Input: {"return_type": "give_answer"}',
            ),
            id="Step 2: tides",
        ),
        "toolbench",
        "system, user, assistant tide(port=Emden), tool, assistant Finish(return_type=give_answer)",
        1,
    ),
    "ToolAlpaca train_data": (
        {
            "Name": "Tides",
            "Description": "Tides",
            "Category": "Sea",
            "Introduction": "Tides",
            "Functions": "1. Name: tide\n   Description: High water.",
            "Documentation": "{}",
            "NLDocumentation": "Tides",
            "Function_Description": {"tide": 'High water. Parameters: {"port": "string"}'},
            "Function_Projection": {"tide": ["/tide", "get"]},
            "Instructions": [ASK],
            "Instances": [
                {
                    "input": ASK,
                    "output": ANSWER,
                    "Final Thought": "I know.",
                    "intermediate_steps": [
                        [
                            [
                                "tide",
                                dumps(ARGUMENTS),
                                f"\nThought: I look.\nAction: tide\nAction Input: {dumps(ARGUMENTS)}",
                            ],
                            f"Status Code: 200. Response: {RESULT}",
                        ]
                    ],
                }
            ],
        },
        "toolalpaca",
        ROUND,
        1,
    ),
    "API-Bank training data": (
        {
            "instruction": API_BANK_PROMPT,
            "input": f"User: {ASK}\nGenerate API Request:\n",
            "output": "API-Request: [tide(port='Emden')]",
        },
        "api_bank_prompts",
        "system, user, assistant tide(port=Emden)",
        0,
    ),
    "AgentInstruct": (
        {
            "id": "os_0",
            "conversations": [
                {
                    "from": "human",
                    "loss": None,
                    "value": "You act in a shell. Think, then Act: bash or Act: answer(...).",
                },
                {"from": "gpt", "loss": False, "value": "OK. I'll follow your instructions."},
                {"from": "human", "loss": None, "value": "How many files?"},
                {
                    "from": "gpt",
                    "loss": True,
                    "value": "Think: I count.\n\nAct: bash\n\n```bash\nls | wc -l\n```",
                },
                {"from": "human", "loss": None, "value": "The output of the OS:\n\n3"},
                {"from": "gpt", "loss": True, "value": "Think: I know.\n\nAct: answer(3)"},
            ],
        },
        "react",
        "user, assistant, user, assistant bash(command=ls | wc -l), tool, assistant",
        0,
    ),
    "AgentTraj-L (AgentGym)": (
        {
            "item_id": "webshop_1",
            "conversations": [
                {
                    "from": "human",
                    "loss": None,
                    "value": "You are web shopping. Thought:\nI think ...\n\nAction:\nclick[something]",
                },
                {"from": "gpt", "loss": False, "value": "Ok."},
                {
                    "from": "human",
                    "loss": None,
                    "value": "WebShop [SEP] Instruction: tea [SEP] Search",
                },
                {
                    "from": "gpt",
                    "loss": True,
                    "value": "Thought:\nI search.\n\nAction:\nsearch[green tea]",
                },
                {"from": "human", "loss": None, "value": "Results [SEP] B01"},
                {
                    "from": "gpt",
                    "loss": True,
                    "value": "Thought:\nThat one.\n\nAction:\nclick[B01]",
                },
            ],
        },
        "react",
        "user, assistant, user, assistant search(green tea), tool, assistant click(B01)",
        0,
    ),
    "SWE-smith-trajectories": (
        {
            "messages": dumps(
                [
                    *SWE_TURNS,
                    {
                        "role": "assistant",
                        "content": "I look.",
                        "thought": "I look.",
                        "action": "ls",
                        "agent": "main",
                        "tool_calls": [BASH_CALL],
                        "message_type": "action",
                    },
                    {
                        "role": "tool",
                        "content": [{"type": "text", "text": "OBSERVATION:\na.py"}],
                        "agent": "main",
                        "message_type": "observation",
                        "tool_call_ids": ["b1"],
                    },
                ]
            ),
            "instance_id": "r__1",
            "resolved": True,
            "model": "m",
            "traj_id": "r__1.x",
            "patch": "",
        },
        "swe_agent",
        "system, user, assistant execute_bash(command=ls), tool",
        0,
    ),
    "SWE-Gym OpenHands-SFT": (
        chat(
            *SWE_TURNS,
            {"role": "assistant", "content": FN_CALL},
            {"role": "user", "content": "OBSERVATION:\na.py"},
            {"role": "assistant", "content": "<function=finish>\n</function>"},
        ),
        "codeact",
        "system, user, assistant execute_bash(command=ls), tool, assistant finish()",
        0,
    ),
    "nebius SWE-agent-trajectories": (
        {
            "instance_id": "r__1",
            "model_name": "m",
            "target": True,
            "trajectory": [
                {
                    "cutoff_date": "01.01.2023",
                    "mask": False,
                    "role": "system",
                    "system_prompt": "You work in a shell.",
                    "text": "",
                },
                {
                    "cutoff_date": None,
                    "mask": False,
                    "role": "user",
                    "system_prompt": "",
                    "text": "List the files.",
                },
                {
                    "cutoff_date": None,
                    "mask": False,
                    "role": "ai",
                    "system_prompt": "",
                    "text": "I look.\n```\nls\n```",
                },
                {
                    "cutoff_date": None,
                    "mask": False,
                    "role": "user",
                    "system_prompt": "",
                    "text": "a.py",
                },
            ],
            "exit_status": "submitted",
            "generated_patch": "",
            "eval_logs": "",
        },
        "swe_agent",
        "system, user, assistant bash(command=ls), tool",
        0,
    ),
    "nebius SWE-rebench-openhands-trajectories": (
        {
            "trajectory_id": "t",
            "instance_id": "r__1",
            "repo": "r",
            "trajectory": [
                *SWE_TURNS,
                {
                    "role": "assistant",
                    "content": "I look.",
                    "tool_calls": [BASH_CALL],
                    "name": None,
                    "tool_call_id": None,
                },
                {
                    "role": "tool",
                    "content": "a.py",
                    "name": "execute_bash",
                    "tool_call_id": "b1",
                    "tool_calls": None,
                },
            ],
            "tools": [{"type": "function", "function": BASH}],
            "model_patch": "",
            "exit_status": "submit",
            "resolved": 1,
        },
        "openhands",
        "system, user, assistant execute_bash(command=ls), tool",
        1,
    ),
    "SWE-Gym OpenHands-Sampled-Trajectories": (
        {
            "instance_id": "r__1",
            "resolved": True,
            "run_id": "x",
            "messages": [
                *SWE_TURNS,
                {"role": "assistant", "content": "I look.", "tool_calls": [BASH_CALL]},
                {"role": "tool", "content": "a.py", "name": "execute_bash", "tool_call_id": "b1"},
            ],
            "tools": [{"type": "function", "function": BASH}],
            "test_result": {},
        },
        "openai",
        "system, user, assistant execute_bash(command=ls), tool",
        1,
    ),
    "Nemotron-Post-Training-Dataset-v1 tool_calling": (
        chat(
            {"role": "system", "content": "", "tool_calls": []},
            {"role": "user", "content": ASK, "tool_calls": []},
            {"role": "assistant", "content": "", "tool_calls": [OPENAI_CALL]},
            {"role": "tool", "content": RESULT, "tool_calls": []},
            {"role": "assistant", "content": ANSWER, "tool_calls": []},
            uuid="u",
            license="cc",
            generator="m",
            version="v1",
            category="tool_calling",
            reasoning="off",
            metadata=dumps({"tools": [FUNCTION]}),
        ),
        "openai",
        "system, " + ROUND,
        1,
    ),
    "Llama-Nemotron tool calling": (
        {
            "input": [
                {
                    "role": "system",
                    "content": f"You are an expert. <AVAILABLE_TOOLS>{dumps([TIDE])}</AVAILABLE_TOOLS>",
                },
                {"role": "user", "content": ASK},
            ],
            "output": f"<TOOLCALL>{dumps([CALL])}</TOOLCALL>",
            "category": "chat",
            "license": "cc",
            "reasoning": "off",
            "generator": "m",
            "used_in_training": "yes",
            "system_prompt": "detailed thinking off",
        },
        "nemo",
        "system, user, assistant tide(port=Emden)",
        1,
    ),
    "When2Call train_sft": (
        {
            "tools": [dumps({**TIDE, "parameters": {**SCHEMA, "type": "dict"}})],
            "messages": [
                U,
                {"role": "assistant", "content": f"<TOOLCALL>{dumps([CALL])}</TOOLCALL>"},
            ],
        },
        "nemo",
        "user, assistant tide(port=Emden)",
        1,
    ),
    "When2Call train_pref": (
        {
            "tools": [dumps(TIDE)],
            "messages": [U],
            "chosen_response": {"role": "assistant", "content": ANSWER},
            "rejected_response": {
                "role": "assistant",
                "content": f"<TOOLCALL>{dumps([CALL])}</TOOLCALL>",
            },
        },
        "preference",
        "user, assistant",
        1,
    ),
    "BFCL v1 simple": (
        {
            "id": "simple_0",
            "question": [[U]],
            "function": [{**TIDE, "parameters": {**SCHEMA, "type": "dict"}}],
            "ground_truth": [{"tide": {"port": ["Emden", ""]}}],
        },
        "bfcl",
        "user, assistant tide(port=Emden)",
        1,
    ),
    "BFCL v1 first release": (
        {"question": ASK, "function": {**TIDE, "parameters": {**SCHEMA, "type": "dict"}}},
        "bfcl",
        "user",
        1,
    ),
    "smolagents CodeAct": (
        chat(
            {"role": "system", "content": "You solve tasks with code."},
            U,
            {
                "role": "assistant",
                "content": "Thought: I call.\nCode:\n```py\ntide(port='Emden')\n```<end_code>",
            },
            {"role": "user", "content": "Observation:\nExecution logs:\n04:10"},
            {
                "role": "assistant",
                "content": "Thought: Done.\nCode:\n```py\nfinal_answer('04:10')\n```<end_code>",
            },
        ),
        "codeact",
        "system, user, assistant python_interpreter(code=tide(port='Emden')), tool, assistant python_interpreter(code=final_answer('04:10'))",
        0,
    ),
    "CodeActInstruct": (
        {
            "id": "c1",
            "conversations": [
                {"role": "system", "content": "Use <execute> and <solution>."},
                {"role": "user", "content": "2 + 3?"},
                {"role": "assistant", "content": "I compute.\n<execute>\nprint(2 + 3)\n</execute>"},
                {"role": "user", "content": "Observation:\n5"},
                {"role": "assistant", "content": "<solution> 5 </solution>"},
            ],
        },
        "codeact",
        "system, user, assistant execute(code=print(2 + 3)), tool, assistant",
        0,
    ),
    "Toucan-1.5M": (
        {
            "uuid": "u",
            "subset_name": "single-turn-original",
            "messages": dumps(
                [
                    {
                        "role": "system",
                        "content": f"<|im_system|>tool_declare<|im_middle|>{dumps([FUNCTION])}<|im_end|>",
                    },
                    U,
                    {
                        "role": "assistant",
                        "content": "",
                        "function_call": {"name": "tide", "arguments": dumps(ARGUMENTS)},
                    },
                    {"role": "function", "content": RESULT, "name": "tide"},
                    A,
                ]
            ),
            "question": ASK,
            "available_tools": dumps([FUNCTION]),
            "target_tools": "tide",
            "metadata": "{}",
        },
        "toucan",
        ROUND,
        1,
    ),
    "Toucan-1.5M SFT": (
        {
            "uuid": "u",
            "messages": dumps(
                [
                    U,
                    {
                        "role": "tool_call",
                        "content": str({"name": "tide", "arguments": dumps(ARGUMENTS)}),
                    },
                    {"role": "tool_response", "content": RESULT},
                    A,
                ]
            ),
            "tools": dumps([FUNCTION]),
        },
        "swift",
        ROUND,
        1,
    ),
    "Seal-Tools": (
        {
            "id": "seal_1",
            "query": ASK,
            "calling": [
                {"api": "tide", "parameters": {"port": "Emden"}, "responses": ["API_call_0"]}
            ],
        },
        "xlam",
        "user, assistant tide(port=Emden)",
        0,
    ),
    "tau-bench historical trajectories": (
        {
            "task_id": 0,
            "reward": 1.0,
            "info": {},
            "traj": [
                {"role": "system", "content": "Policy."},
                U,
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [OPENAI_CALL],
                    "function_call": None,
                },
                {"role": "tool", "tool_call_id": "c1", "name": "tide", "content": RESULT},
                A,
            ],
            "trial": 0,
        },
        "openai",
        "system, " + ROUND,
        0,
    ),
    "ChatGLM3 tool_alpaca": (
        {
            "tools": [dumps(TIDE)],
            "conversations": [
                {
                    "role": "system",
                    "content": "Answer the following questions as best as you can. You have access to the following tools:",
                },
                U,
                {"role": "assistant", "content": "I look."},
                {"role": "tool", "name": "tide", "parameters": ARGUMENTS, "observation": RESULT},
                A,
            ],
        },
        "chatglm3",
        "system, user, assistant, assistant tide(port=Emden), tool, assistant",
        1,
    ),
    "Qwen-Agent log": (
        chat(
            {"role": "system", "content": "You help."},
            {"role": "user", "content": [{"text": ASK}]},
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "I look.",
                "function_call": {"name": "tide", "arguments": dumps(ARGUMENTS)},
            },
            {"role": "function", "name": "tide", "content": RESULT},
            A,
            functions=[TIDE],
        ),
        "openai",
        "system, " + ROUND,
        1,
    ),
    "LLaMA-Factory v1 typed content": (
        chat(
            {"role": "system", "content": [{"type": "text", "value": "You help."}]},
            {"role": "user", "content": [{"type": "text", "value": ASK}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "value": "I look."},
                    {"type": "tool_call", "value": dumps(CALL)},
                ],
                "loss_weight": 1.0,
            },
            {"role": "tool", "content": [{"type": "text", "value": RESULT}]},
            {
                "role": "assistant",
                "content": [{"type": "text", "value": ANSWER}],
                "loss_weight": 0.0,
            },
            tools=dumps([TIDE]),
        ),
        "openai",
        "system, " + ROUND,
        1,
    ),
    "OpenAI Responses log": (
        {
            "input": [
                U,
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "tide",
                    "arguments": dumps(ARGUMENTS),
                },
                {"type": "function_call_output", "call_id": "c1", "output": RESULT},
            ],
            "output": [
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": ANSWER, "annotations": []}],
                }
            ],
            "tools": [{"type": "function", **TIDE}],
        },
        "responses",
        ROUND,
        1,
    ),
    "Anthropic Messages log": (
        {
            "system": "You help.",
            "tools": [{"name": "tide", "description": "High water", "input_schema": SCHEMA}],
            "messages": [
                U,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "tool_use", "id": "t1", "name": "tide", "input": ARGUMENTS}
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "t1", "content": RESULT}],
                },
                A,
            ],
        },
        "anthropic",
        "system, " + ROUND,
        1,
    ),
    "function-calling-chatml": (
        share(
            (
                "system",
                f"You are a helpful assistant with access to the following functions. Use them if required -\n{json.dumps(TIDE, indent=4)}",
            ),
            ("human", ASK),
            ("function-call", dumps({"name": "tide", "arguments": dumps(ARGUMENTS)})),
            ("function-response", RESULT),
            ("gpt", ANSWER),
        ),
        "sharegpt",
        "system, " + ROUND,
        0,
    ),
    "Gorilla APIBench": (
        {
            "code": "###Instruction: Find a model that hears.\n###Output: <<<domain>>>: Audio\n<<<api_call>>>: hub.load('a')",
            "api_call": "hub.load('a')",
            "provider": "p",
            "api_data": {"domain": "Audio"},
        },
        "gorilla",
        "user, assistant",
        0,
    ),
    "openfunctions-v1": (
        {
            "question": ASK,
            "function": dumps({**TIDE, "api_name": "tide"}),
            "model_answer": "tide(port='Emden')",
        },
        "bfcl",
        "user, assistant tide(port=Emden)",
        1,
    ),
    "lmsys-chat-1m": (
        {
            "conversation_id": "c",
            "model": "m",
            "conversation": [U, A],
            "turn": 1,
            "language": "English",
            "openai_moderation": [{"flagged": False}],
            "redacted": False,
        },
        "openai",
        "user, assistant",
        0,
    ),
    "OpenOrca": (
        {"id": "flan.1", "system_prompt": "You help.", "question": ASK, "response": ANSWER},
        "alpaca",
        "system, user, assistant",
        0,
    ),
    "UltraChat 200k": (
        {"prompt": ASK, "prompt_id": "p", "messages": [U, A]},
        "openai",
        "user, assistant",
        0,
    ),
    "UltraChat": ({"id": "0", "data": [ASK, ANSWER]}, "ultrachat", "user, assistant", 0),
    "dolly-15k": (
        {
            "instruction": ASK,
            "context": "Emden lies on the Ems.",
            "response": ANSWER,
            "category": "closed_qa",
        },
        "alpaca",
        "user, assistant",
        0,
    ),
    "alpaca": ({"instruction": ASK, "input": "", "output": ANSWER}, "alpaca", "user, assistant", 0),
    "ms-swift grounding": (
        chat(
            {"role": "user", "content": "<image>Find the <ref-object>."},
            {"role": "assistant", "content": "<bbox>"},
            images=["a.png"],
            objects={"ref": ["cat"], "bbox": [[1, 2, 3, 4]]},
        ),
        "swift",
        "user, assistant",
        0,
    ),
    "DPO of two chats (ultrafeedback_binarized)": (
        {
            "prompt": ASK,
            "prompt_id": "p",
            "chosen": [U, A],
            "rejected": [U, {"role": "assistant", "content": "No."}],
            "messages": [U, A],
            "score_chosen": 8.0,
            "score_rejected": 2.0,
        },
        "preference",
        "user, assistant",
        0,
    ),
    "DPO of texts (prompt, chosen, rejected)": (
        {"prompt": ASK, "chosen": ANSWER, "rejected": "No."},
        "preference",
        "user, assistant",
        0,
    ),
    "DPO of LLaMA-Factory": (
        {
            "conversations": [{"from": "human", "value": ASK}],
            "chosen": {"from": "gpt", "value": ANSWER},
            "rejected": {"from": "gpt", "value": "No."},
        },
        "preference",
        "user, assistant",
        0,
    ),
    "KTO of TRL": (
        {"prompt": [U], "completion": [A], "label": True},
        "preference",
        "user, assistant",
        0,
    ),
    "prompt and completion of TRL": (
        {"prompt": [U], "completion": [A]},
        "preference",
        "user, assistant",
        0,
    ),
    "DPO of ms-swift": (
        chat(U, A, rejected_response="No."),
        "openai",
        "user, assistant",
        0,
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_a_published_row_is_detected_and_read(name: str) -> None:
    row, format_, turns, tools = DIALECTS[name]
    if format_ == "unknown":
        assert not formats.looks_like_row(row)
        return
    assert formats.detect([row]) == format_
    found = formats.get(format_)
    rows = [value for _, value in found.explode(row)] if found.explode else []
    conversation = found.read(rows[0] if rows else row)
    assert shape(conversation) == turns
    assert len(conversation.tools) == tools
    assert set(conversation.warnings) <= {"arguments_as_text", *TOLD}
