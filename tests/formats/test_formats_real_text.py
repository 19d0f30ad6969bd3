"""Real rows whose calls stand in texts, and chat dialects: every file is known by its shape, and
every row is read or rejected with a reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.intake import Task, plan_tasks, read_rows, read_unnamed

pytestmark = pytest.mark.parity


class Case(NamedTuple):
    file: str
    format: str
    rows: int
    calls: int
    results: int
    tools: int = 0
    """Distinct names of tools over all rows."""
    rejects: dict[str, int] = {}  # noqa: RUF012  # never changed
    warnings: dict[str, int] = {}  # noqa: RUF012


FILES = [
    Case("glaive/nemo_notebook_glaive_v2_row.json", "glaive", 1, 1, 1, 1),
    Case("hermes/few_shot.json", "hermes", 2, 2, 0, 2),
    Case(
        "hermes/hermes_template_test_cell7_out0.txt",
        "hermes",
        1,
        0,
        0,
        0,
        rejects={"bad_tool_call": 1},
    ),
    Case("hermes/hf_chat_template_cell15_out0.txt", "openai", 1, 2, 0, 0),
    Case(
        "hermes/hf_chat_template_cell16_out0.txt",
        "hermes",
        1,
        0,
        0,
        0,
        rejects={"bad_tool_call": 1},
    ),
    Case("hermes/hf_chat_template_cell18_out0.txt", "openai", 1, 2, 2, 0),
    Case(
        "hermes/hf_chat_template_cell19_out0.txt",
        "hermes",
        1,
        0,
        0,
        0,
        rejects={"bad_tool_call": 1},
    ),
    Case(
        "hermes/hf_chat_template_cell9_out0.txt",
        "hermes",
        1,
        0,
        0,
        0,
        warnings={"tools_left_in_text": 1},
    ),
    Case("webdancer/sample_traj.jsonl", "hermes", 200, 222, 222, 2),
    Case("nemo-chat-mask/notebook_cell21.json", "nemo", 1, 2, 2, 0),
    Case("nemo-chat-mask/notebook_cell23.json", "nemo", 1, 2, 2, 4),
    Case("nemo-chat-mask/notebook_cell8.json", "nemo", 1, 1, 0, 2),
    Case("chatglm3/PROMPT_en.md.txt", "chatglm3", 4, 5, 5, 1, warnings={"arguments_as_text": 4}),
    Case("chatglm3/PROMPT_zh.md.txt", "chatglm3", 4, 5, 5, 1, warnings={"arguments_as_text": 4}),
    Case("codefuse-devops-eval/tool_learning_info_zh.example.json", "codefuse", 1, 1, 1, 1),
    Case("functionary/history/small_tests.jsonl", "openai", 20, 13, 13, 23),
    Case("functionary/tests/prompt_test_cogito.txt", "hermes", 1, 6, 6, 3),
    Case("functionary/tests/prompt_test_qwen2.5-text-only.txt", "hermes", 1, 6, 6, 3),
    Case(
        "functionary/tests/test_case.json", "openai", 1, 6, 6, 3, warnings={"arguments_as_text": 2}
    ),
    Case("functionary/tests/test_case_v1.json", "openai", 1, 2, 2, 1),
    Case(
        "functionary/tests/test_case_v2.json",
        "openai",
        1,
        5,
        5,
        3,
        warnings={"arguments_as_text": 2},
    ),
    Case(
        "functionary/tests/test_case_v2.llama3.json",
        "openai",
        1,
        5,
        5,
        3,
        warnings={"arguments_as_text": 2},
    ),
    Case(
        "functionary/tests/test_case_vision.json",
        "openai",
        1,
        6,
        6,
        3,
        warnings={"arguments_as_text": 2},
    ),
    Case("ernie/function-call-eval.row3.jsonl", "openai", 1, 2, 2, 2),
    Case("glm-4.5/resources/trajectory_search.json", "hermes", 1, 14, 13, 3),
    Case(
        "xtuner/internlm2_hybrid_agent.json",
        "xtuner",
        1,
        2,
        2,
        1,
        warnings={"arguments_as_text": 1},
    ),
    Case("xtuner/internlm2_hybrid_function_call.json", "openai", 1, 1, 1, 1),
    Case("xtuner/tests/resource/mllm_sft_single_image_example_data.jsonl", "openai", 22, 0, 0, 0),
    Case(
        "xtuner/tests/resource/mllm_sft_single_image_example_data_new.jsonl", "openai", 22, 0, 0, 0
    ),
    Case("xtuner/tests/resource/openai_sft.jsonl", "openai", 128, 0, 0, 0),
    Case("xtuner/tests/resource/qwen35_tokenize_data.jsonl", "swift", 17, 9, 9, 2),
    Case("xtuner/toy_custom_multi_turn_data.json", "xtuner", 2, 0, 0, 0),
    Case("llamafactory-sharegpt/glaive_toolcall_en_demo.json", "sharegpt", 300, 211, 211, 64),
    Case("llamafactory-sharegpt/glaive_toolcall_zh_demo.json", "sharegpt", 300, 216, 218, 74),
    Case("llamafactory-sharegpt/mllm_demo.json", "swift", 6, 0, 0, 0),
    Case("llamafactory-sharegpt/reason_tool_use_demo_50.jsonl", "openai", 50, 68, 42, 101),
    Case("llamafactory-sharegpt/v1_sft_demo.jsonl", "openai", 500, 0, 0, 0),
    Case(
        "ms-swift-docs/docs__source__BestPractices__Qwen3-Best-Practice.jsonl", "openai", 3, 0, 0, 0
    ),
    Case(
        "ms-swift-docs/docs__source__BestPractices__Qwen3-VL-Best-Practice.jsonl",
        "swift",
        4,
        0,
        0,
        0,
        warnings={"boxes_in_pixels": 2},
    ),
    Case(
        "ms-swift-docs/docs__source__BestPractices__Qwen3_8-Best-Practice.jsonl",
        "swift",
        4,
        0,
        0,
        0,
        warnings={"boxes_in_pixels": 2},
    ),
    Case(
        "ms-swift-docs/docs__source__Customization__Custom-dataset.jsonl",
        "swift",
        60,
        9,
        8,
        2,
        warnings={
            "boxes_in_pixels": 7,
            "rejected_answer_passed_over": 7,
            "unwanted_answer_not_trained": 1,
        },
    ),
    Case("ms-swift-docs/docs__source__Instruction__Agent-support.jsonl", "swift", 2, 3, 3, 2),
    Case("ms-swift-docs/docs__source_en__Instruction__Agent-support.jsonl", "swift", 2, 3, 3, 2),
    Case("ms-swift-docs/tests/llm/data/alpaca.jsonl", "alpaca", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/chatml.jsonl", "openai", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/conversations.jsonl", "sharegpt", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/multi_modal_1.jsonl", "swift", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/multi_modal_2.jsonl", "swift", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/multi_modal_3.jsonl", "swift", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/sharegpt.jsonl", "swift", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/swift_multi.jsonl", "swift", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/swift_pre.jsonl", "swift", 3, 0, 0, 0),
    Case("ms-swift-docs/tests/llm/data/swift_single.jsonl", "swift", 3, 0, 0, 0),
    Case(
        "tau-bench/few_shot_data/MockAirlineDomainEnv-few_shot.jsonl",
        "tau_few_shot",
        19,
        0,
        105,
        0,
        warnings={"call_not_shown": 98},
    ),
    Case(
        "tau-bench/few_shot_data/MockRetailDomainEnv-few_shot.jsonl",
        "tau_few_shot",
        69,
        0,
        479,
        0,
        warnings={"call_not_shown": 440},
    ),
    Case("tau-bench/historical_trajectories/gpt-4o-airline.json", "openai", 200, 1164, 1164, 0),
    Case(
        "tau2-bench/results/claude-sonnet-4-5_airline_interleaved-thinking_1trials.json",
        "tau2",
        50,
        371,
        371,
        0,
    ),
    Case(
        "tau2-bench/results/gpt-4.1_airline_default_gpt-4.1_1trials.json", "tau2", 20, 148, 148, 0
    ),
    Case(
        "tau2-bench/results/gpt-4.1_telecom_no-user_gpt-4.1_1trials.json", "tau2", 40, 626, 626, 0
    ),
    Case(
        "tau2-bench/results/qwen2.5-7b_airline_default_gpt-4.1_1trials.json",
        "tau2",
        50,
        344,
        344,
        0,
    ),
    Case("tau2-bench/sft-v1-small-openai/test_sft-v1-small.jsonl", "openai", 24, 225, 225, 38),
    Case("tau2-bench/sft-v1-small-openai/train_sft-v1-small.jsonl", "openai", 37, 262, 262, 38),
    Case(
        "openai-cookbook/drone_training.first3.jsonl",
        "openai",
        3,
        3,
        0,
        16,
        warnings={"double_encoded_arguments": 1},
    ),
]


def read_file(path: Path) -> tuple[list[Task], list[Conversation], Counter[str]]:
    tasks = plan_tasks([str(path)])
    conversations: list[Conversation] = []
    rejects: Counter[str] = Counter()
    for task in tasks:
        for raw in read_rows(task):
            try:
                conversations.append(read_unnamed(raw, task))
            except RowError as error:
                assert error.pointer.startswith("/")
                rejects[error.code] += 1
    return tasks, conversations, rejects


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.file)
def test_file_reads_as_the_table_says(shared: Path, case: Case) -> None:
    tasks, conversations, rejects = read_file(shared / "data" / case.file)
    messages = [message for c in conversations for message in c.messages]
    assert {task.format for task in tasks} == {case.format}
    assert len(conversations) + rejects.total() == case.rows
    assert dict(rejects) == case.rejects
    assert sum(len(message.tool_calls) for message in messages) == case.calls
    assert sum(message.role == "tool" for message in messages) == case.results
    assert len({tool.name for c in conversations for tool in c.tools}) == case.tools
    assert Counter(w for c in conversations for w in c.warnings) == case.warnings


def test_webdancer_reasons_before_every_call_and_answer(shared: Path) -> None:
    _, conversations, _ = read_file(shared / "data/webdancer/sample_traj.jsonl")
    for conversation in conversations:
        question = conversation.messages[1]
        assert "<tools>" not in question.text
        assert '{"name": "tool name here"' in question.text
        said = [message for message in conversation.messages if message.role == "assistant"]
        assert all(message.reasoning for message in said)
        assert said[-1].text.startswith("<answer>")
        assert all(message.tool_calls and not message.text for message in said[:-1])


def test_webdancer_think_blocks_can_be_given_back_to_the_letter(shared: Path) -> None:
    (task,), conversations, _ = read_file(shared / "data/webdancer/sample_traj.jsonl")
    for raw, conversation in zip(read_rows(task), conversations, strict=True):
        answer = raw.value["messages"][-1]["content"]  # type: ignore[union-attr]
        last = len(conversation.messages) - 1
        opening, closing = conversation.meta["think_marks"][str(last)]
        message = conversation.messages[last]
        assert f"{opening}{message.reasoning}{closing}{message.text}" == answer


def test_parallel_outputs_in_one_answer_are_as_many_results(shared: Path) -> None:
    _, (conversation,), _ = read_file(shared / "data/glm-4.5/resources/trajectory_search.json")
    calls = [len(message.tool_calls) for message in conversation.messages]
    assert max(calls) == 6
    assert [tool.name for tool in conversation.tools] == ["search", "open", "finish"]
    assert all(m.reasoning for m in conversation.messages if m.role == "assistant")


def test_masked_turn_of_functionary_has_no_loss(shared: Path) -> None:
    _, (conversation,), _ = read_file(shared / "data/functionary/tests/test_case.json")
    masked = [message for message in conversation.messages if message.loss is False]
    (call,) = masked[0].tool_calls
    assert (len(masked), call.name) == (1, "python")
    assert isinstance(call.arguments, str)
    assert call.arguments.endswith("l.remove(3.6)")


def test_roles_in_the_mask_of_nemo_have_no_loss(shared: Path) -> None:
    _, (conversation,), _ = read_file(shared / "data/nemo-chat-mask/notebook_cell23.json")
    assert {m.role for m in conversation.messages if m.loss is False} == {"user", "tool"}
    assert {m.role for m in conversation.messages if m.loss is None} == {"assistant"}


def test_thinking_in_a_providers_record_is_reasoning(shared: Path) -> None:
    file = "tau2-bench/results/claude-sonnet-4-5_airline_interleaved-thinking_1trials.json"
    _, conversations, _ = read_file(shared / "data" / file)
    assert sum(bool(m.reasoning) for c in conversations for m in c.messages) > 300
