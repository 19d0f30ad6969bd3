"""Real files: every row is read or rejected with a reason, and the counts are known."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, RowError
from agentdata.formats import detect, get
from agentdata.sources import RawRow, expand, plan, read_unit

pytestmark = pytest.mark.parity


def read_all(path: Path) -> tuple[str, list[Conversation], Counter[str]]:
    """The format found, the conversations, and the rejects by code."""
    rows = [row for unit in plan(expand([str(path)])) for row in read_unit(unit)]
    good = [row.value for row in rows if isinstance(row, RawRow)]
    rejects = Counter(row.code for row in rows if not isinstance(row, RawRow))
    name = detect(good[:100])
    conversations = []
    explode = get(name).explode or (lambda row: [("", row)])
    for row in (part for whole in good for _, part in explode(whole)):
        try:
            conversations.append(get(name).read(row))
        except RowError as error:
            rejects[error.code] += 1
    return name, conversations, rejects


def calls(conversations: list[Conversation]) -> int:
    return sum(len(m.tool_calls) for c in conversations for m in c.messages)


def results(conversations: list[Conversation]) -> int:
    return sum(m.role == "tool" for c in conversations for m in c.messages)


# (file, format, rows, calls, results, warnings)
FILES = [
    ("msagent/README_CN_MS_Agent_Bench_20.json", "msagent", 1, 1, 1, 0),
    ("msagent/swift_docs_zh_MS_Agent_Bench_126374.json", "msagent_react", 1, 3, 3, 0),
    ("tau-bench/historical_trajectories/gpt-4o-airline.json", "openai", 200, 1164, 1164, 0),
    ("tau2-bench/sft-v1-small-openai/train_sft-v1-small.jsonl", "openai", 37, None, 262, 0),
    ("tau2-bench/sft-v1-small-openai/test_sft-v1-small.jsonl", "openai", 24, None, 225, 0),
    ("openai-cookbook/drone_training.first3.jsonl", "openai", 3, 3, 0, 1),
    ("llamafactory-sharegpt/glaive_toolcall_en_demo.json", "sharegpt", 300, None, 211, 0),
    ("llamafactory-sharegpt/glaive_toolcall_zh_demo.json", "sharegpt", 300, None, 218, 0),
    ("llamafactory-sharegpt/mllm_demo.json", "swift", 6, 0, 0, 0),
    ("llamafactory-sharegpt/reason_tool_use_demo_50.jsonl", "openai", 50, None, None, 0),
    ("llamafactory-sharegpt/v1_sft_demo.jsonl", "openai", 500, 0, 0, 0),
    (
        "ms-swift-docs/docs__source__Customization__Custom-dataset.jsonl",
        "swift",
        60,
        None,
        None,
        15,
    ),
    ("ms-swift-docs/docs__source__Instruction__Agent-support.jsonl", "swift", 2, 3, 3, 0),
    ("ms-swift-docs/docs__source_en__Instruction__Agent-support.jsonl", "swift", 2, 3, 3, 0),
    ("ms-swift-docs/tests/llm/data/swift_multi.jsonl", "swift", 3, 0, 0, 0),
    ("ms-swift-docs/tests/llm/data/swift_pre.jsonl", "swift", 3, 0, 0, 0),
    ("ms-swift-docs/tests/llm/data/multi_modal_1.jsonl", "swift", 3, 0, 0, 0),
    ("ms-swift-docs/tests/llm/data/sharegpt.jsonl", "swift", 3, 0, 0, 0),
    ("ms-swift-docs/tests/llm/data/conversations.jsonl", "sharegpt", 3, 0, 0, 0),
    ("ms-swift-docs/tests/llm/data/chatml.jsonl", "openai", 3, 0, 0, 0),
]


@pytest.mark.parametrize("case", FILES, ids=lambda case: case[0])
def test_every_row_is_read(
    shared: Path, case: tuple[str, str, int, int | None, int | None, int]
) -> None:
    file, name, rows, expected_calls, expected_results, warnings = case
    found, conversations, rejects = read_all(shared / "data" / file)
    assert found == name
    assert (len(conversations), dict(rejects)) == (rows, {})
    assert expected_calls is None or calls(conversations) == expected_calls
    assert expected_results is None or results(conversations) == expected_results
    assert sum(len(c.warnings) for c in conversations) == warnings
    assert all(
        isinstance(call.arguments, dict)
        for c in conversations
        for m in c.messages
        for call in m.tool_calls
    )


@pytest.mark.parametrize(
    "file",
    [
        "qwen-agent/benchmark/deepplanning/travelplanning/tools/tool_schema.json",
        "llamafactory-sharegpt/dataset_info.json",
    ],
)
def test_files_of_no_known_format_say_so(shared: Path, file: str) -> None:
    with pytest.raises(AgentDataError) as caught:
        read_all(shared / "data" / file)
    assert caught.value.code == "unknown_format"


def test_real_plugin_list_and_call(shared: Path) -> None:
    text = (shared / "data/msagent/XVERSE-13B_README_toolcall_transcript.txt").read_text()
    system = text.split("用户:\n")[1].split("请帮我")[0]
    reply = text.split("XVERSE-13B-Chat:\n")[-1].strip()
    turns = [{"from": "system", "value": system}, {"from": "assistant", "value": reply}]
    conversation = get("msagent").read({"conversations": turns})
    assert [tool.name for tool in conversation.tools] == [
        "recommendation",
        "touristAttraction",
        "hotel_search",
    ]
    persona, answer = conversation.messages
    assert "startofthink" not in persona.text
    assert "当前时间" in persona.text
    assert answer.tool_calls[0].name == "hotel_search"


@pytest.mark.parametrize(
    ("file", "tools", "calls_made"),
    [("demo_cell08_out4.txt", 9, 1), ("demo_cell11_out4.txt", 1, 1)],
)
def test_real_prompts_as_a_whole_conversation_in_the_system_text(
    shared: Path, file: str, tools: int, calls_made: int
) -> None:
    name, (conversation,), rejects = read_all(shared / "data/msagent/notebook_rollouts" / file)
    assert (name, dict(rejects)) == ("msagent", {})
    assert not conversation.messages[0].text.startswith("|prompt")
    assert (len(conversation.tools), calls([conversation])) == (tools, calls_made)


def test_native_turns_are_the_values_to_the_letter(shared: Path) -> None:
    for path in expand([str(shared / "data/msagent")]):
        for unit in plan([path]):
            for row in read_unit(unit):
                assert isinstance(row, RawRow)
                conversation = get(detect([row.value])).read(row.value)
                assert [
                    "".join(text for _, text in turn.spans) for turn in conversation.native
                ] == [turn["value"] for turn in row.value["conversations"]]
