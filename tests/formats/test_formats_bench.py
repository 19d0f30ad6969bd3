"""Benchmarks whose rows are spread over files, lines or records, and rows that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentdata.conversation import Conversation, ToolCall
from agentdata.errors import RowError
from agentdata.formats import get
from agentdata.intake import COMPANION, plan_tasks, read_conversation, read_rows


def write(path: Path, *rows: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def read_all(folder: Path) -> tuple[list[Conversation], list[str]]:
    """The conversations, and the names of files whose rows belong to others."""
    tasks = plan_tasks([str(folder)])
    conversations = [
        read_conversation(row, task)
        for task in tasks
        if task.format != COMPANION
        for row in read_rows(task)
    ]
    return conversations, [task.unit.path.name for task in tasks if task.format == COMPANION]


def asked(row_id: str, *turns: str, **more: Any) -> dict[str, Any]:
    question = [[{"role": "user", "content": turn}] for turn in turns]
    return {"id": row_id, "question": question, **more}


def test_bfcl_takes_answers_and_functions_from_other_files(tmp_path: Path) -> None:
    functions = [
        {"name": name, "description": "", "parameters": {"type": "dict", "properties": {"f": {}}}}
        for name in ("cd", "cp")
    ]
    classes = {"involved_classes": ["GorillaFileSystem"], "excluded_function": ["cp"]}
    write(tmp_path / "q.json", asked("a", "Go.", "Go on.", **classes), asked("b", "Who?"))
    write(
        tmp_path / "possible_answer" / "q.json",
        {"id": "b", "ground_truth": ["Ann"]},
        {"id": "a", "ground_truth": [["cd('x')"], ["cd(f='y')", "cd(f='z')"]]},
    )
    write(tmp_path / "multi_turn_func_doc" / "gorilla_file_system.json", *functions)
    (first, second), companions = read_all(tmp_path)
    assert companions == ["gorilla_file_system.json", "q.json"]
    assert [tool.name for tool in first.tools] == ["cd"]
    assert [message.tool_calls for message in first.messages] == [
        (),
        (ToolCall("cd", {"f": "x"}),),
        (),
        (ToolCall("cd", {"f": "y"}), ToolCall("cd", {"f": "z"})),
    ]
    assert [message.text for message in second.messages] == ["Who?", "Ann"]


def test_an_answer_in_the_row_itself_stays(tmp_path: Path) -> None:
    write(tmp_path / "q.json", asked("a", "Who?", ground_truth=["Ann"]), asked("b", "Who?"))
    write(tmp_path / "possible_answer" / "q.json", {"id": "a", "ground_truth": ["Bob"]})
    (first, second), _ = read_all(tmp_path)
    assert [message.text for message in first.messages] == ["Who?", "Ann"]
    assert [message.text for message in second.messages] == ["Who?"]


def test_api_bank_reads_a_file_as_one_dialogue(tmp_path: Path) -> None:
    call = {"role": "API", "api_name": "Add", "param_dict": {"a": 1}, "result": {"output": [2]}}
    write(tmp_path / "a.jsonl", {"role": "User", "text": "Add."}, call, {"role": "AI", "text": "2"})
    write(tmp_path / "b.jsonl", {"role": "User", "text": "Hi."}, {"role": "AI", "text": "Hi!"})
    (first, second), _ = read_all(tmp_path)
    assert [m.role for m in first.messages] == ["user", "assistant", "tool", "assistant"]
    assert [m.text for m in first.messages] == ["Add.", "", "[2]", "2"]
    assert len(second.messages) == 2


def test_toolalpaca_gives_a_conversation_per_instruction(tmp_path: Path) -> None:
    api = {
        "Name": "Tea",
        "NLDocumentation": "",
        "Function_Description": {"brew": "Brews"},
        "Instructions": ["Brew.", "Brew twice.", "Drink."],
        "Golden_Answers": [
            [{"Action": "brew", "Action_Input": "{}"}],
            [{"Action": "brew", "Action_Input": "{}"}, {"Action": "brew", "Action_Input": "2"}],
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps([api]))
    conversations, _ = read_all(tmp_path)
    assert [c.id for c in conversations] == ["Tea-0", "Tea-1", "Tea-2"]
    assert [sum(len(m.tool_calls) for m in c.messages) for c in conversations] == [1, 2, 0]
    assert conversations[1].messages[-1].tool_calls[1].arguments == "2"


def test_documents_by_key_give_all_their_rows(tmp_path: Path) -> None:
    row = {"origin_prompt": [{"role": "user", "content": "Hi"}], "ground_truth": {"answer": "A"}}
    judged = [{"input": [{"role": "user", "content": "Right?"}], "output": "Yes."}]
    (tmp_path / "a.json").write_text(json.dumps({"x": row, "y": row}))
    (tmp_path / "b.json").write_text(json.dumps({"Tea": judged, "sum": {"n": 2}, "Cup": judged}))
    conversations, _ = read_all(tmp_path)
    assert [c.id for c in conversations] == ["x", "y", "Tea-0", "Cup-0"]


def log(question: str, answer: str) -> str:
    action = json.dumps({"action": "Final Answer", "action_input": answer})
    step = f"行动 1: ```json{action}```"
    return f"{question}\n\n思考 1: x。{step}\n{step}\n观察 1: \nfinal_anwer is {answer}\nsummary_answer is y\n"


def test_a_log_gives_all_its_conversations(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("\n\n".join([log("一?", "1"), log("二?", "2\n\n3")]))
    (task,) = plan_tasks([str(tmp_path / "log.txt")])
    conversations = [read_conversation(row, task) for row in read_rows(task)]
    assert [[m.text for m in c.messages] for c in conversations] == [
        ["一?", "1"],
        ["二?", "2\n\n3"],
    ]


ASKED = [[{"role": "user", "content": "x"}]]


@pytest.mark.parametrize(
    ("name", "row", "code", "pointer"),
    [
        ("xlam", {"query": [], "tools": [], "answers": []}, "no_messages", "/query"),
        ("xlam", {"query": [{"role": "x"}], "tools": [], "answers": []}, "unknown_role", "/query/0"),
        ("xlam", {"query": "x", "tools": "[", "answers": []}, "bad_tools", "/tools"),
        ("xlam", {"query": "x", "tools": [], "answers": [{}]}, "bad_tool_call", "/answers"),
        ("bfcl", {"question": [[{"role": "x", "content": ""}]]}, "unknown_role",
         "/question/0/0/role"),
        ("bfcl", {"question": [[]]}, "no_messages", "/question"),
        ("bfcl", {"question": ASKED, "ground_truth": [1]}, "bad_answer", "/ground_truth"),
        ("bfcl", {"question": ASKED, "ground_truth": [{"f": 1}]}, "bad_answer", "/ground_truth"),
        ("bfcl", {"question": ASKED, "ground_truth": [[{"f": {}, "g": {}}]]}, "bad_answer",
         "/ground_truth/0"),
        ("acebench", {"question": " ", "function": []}, "no_messages", "/question"),
        ("acebench", {"question": "x", "function": [], "ground_truth": 1}, "bad_answer",
         "/ground_truth"),
        ("acebench", {"question": "x", "function": [], "mile_stone": [1]}, "bad_answer",
         "/mile_stone"),
        ("api_bank", {"records": [{"role": "Cat", "text": ""}]}, "unknown_role", "/records/0/role"),
        ("api_bank", {"records": [{"role": "API"}]}, "bad_tool_call", "/records/0/api_name"),
        ("rotbench", {"conversations": [{"from": "cat"}]}, "unknown_role", "/conversations/0/from"),
        ("rotbench", {"conversations": [{"from": "gpt", "value": [1]}]}, "bad_content",
         "/conversations/0/value"),
        ("toolalpaca", {"input": "", "output": ""}, "no_messages", "/instruction"),
        ("toolalpaca", {"instruction": "x", "intermediate_steps": ["y"]}, "bad_step",
         "/intermediate_steps/0"),
        ("toolalpaca", {"instruction": "x", "golden_answer": [{}]}, "bad_tool_call",
         "/golden_answer/0"),
        ("t_eval", {"origin_prompt": [{"role": "x"}], "ground_truth": []}, "unknown_role",
         "/origin_prompt/0/role"),
        ("t_eval", {"origin_prompt": [{"role": "user"}], "ground_truth": 1}, "bad_answer",
         "/ground_truth"),
        ("legalagentbench", {"text": "思考 1: x"}, "no_messages", "/text"),
        ("legalagentbench", {"question": "", "answer": "x"}, "no_messages", "/question"),
    ],
)  # fmt: skip
def test_a_row_that_is_refused_says_where_and_why(
    name: str, row: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(RowError) as caught:
        get(name).read(row)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert caught.value.message
