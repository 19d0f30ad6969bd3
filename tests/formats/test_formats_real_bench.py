"""Real files of call benchmarks: every row is read, joined with its answer or rejected with a
reason, and reads back the same once it was converted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from agentdata.conversation import Conversation
from agentdata.convert import convert
from agentdata.errors import AgentDataError, RowError
from agentdata.intake import COMPANION, plan_tasks, read_conversation, read_rows

pytestmark = pytest.mark.parity


def read_all(path: Path) -> tuple[str, list[Conversation], Counter[str]]:
    """The format found, the conversations, and the rejects by code."""
    conversations, rejects, names = [], Counter[str](), set()
    for task in plan_tasks([str(path)]):
        assert task.format != COMPANION
        names.add(task.format)
        for raw in read_rows(task):
            try:
                conversations.append(read_conversation(raw, task))
            except RowError as error:
                rejects[error.code] += 1
                assert error.message
    (name,) = names
    return name, conversations, rejects


API_BANK = "api-bank/lv1-lv2-samples"

# (file, format, rows, rows with a turn of the model, calls, results, rejects)
FILES = [
    ("xlam/xlam_row0.json", "xlam", 1, 1, 2, 0, {}),
    ("hammer-xlam-style/train/masking_sft_data_example.json", "xlam", 10, 10, 14, 0, {}),
    ("hammer-xlam-style/test/hammer2.1/toolalpaca.json", "xlam", 114, 114, None, 0, {}),
    ("hammer-xlam-style/test/original/toolalpaca.json", "xlam", 114, 114, None, 0, {}),
    ("hammer-xlam-style/test/original/apibank_l2.json", "xlam", 127, 127, None, 106, {}),
    ("hammerbench/en/multi-turn/HammerBench_External.json", "hammerbench", 490, 490, 1420, 0, {}),
    ("hammerbench/zh/multi-turn/HammerBench_mQmA.json", "hammerbench", 404, 404, 948, 0, {}),
    ("rotbench/First_Turn/clean.json", "rotbench", 105, 105, 105, 0, {}),
    ("rotbench/First_Turn/heavy.json", "rotbench", 210, 210, 210, 0, {}),
    ("rotbench/Third_Turn/clean.json", "rotbench", 70, 70, None, 133, {}),
    ("rotbench/Third_Turn/heavy.json", "rotbench", 140, 140, None, 266, {}),
    ("toolalpaca/data/eval_real.json", "toolalpaca", 114, 114, None, 0, {}),
    ("toolalpaca/data/eval_simulated.json", "toolalpaca", 100, 100, None, 0, {}),
    ("toolalpaca/data/validation_data_history.json", "toolalpaca", 100, 0, 0, 0, {}),
    ("toolalpaca/evalution_outputs/ToolAlpaca13b.json", "toolalpaca", 97, 97, 0, 0,
     {"no_messages": 3}),
    ("t-eval/plan_json_v1.json", "t_eval", 553, 553, None, 0, {}),
    ("t-eval/review_str_v1.json", "t_eval", 487, 487, 0, 0, {}),
    ("legalagentbench/data/dataset.json", "legalagentbench", 300, 300, 0, 0, {}),
    ("legalagentbench/src/output/log_react_glm-4.txt", "legalagentbench", 300, 300, None, None, {}),
    (f"{API_BANK}/level-1-given-desc/AddAgenda-level-1-1.jsonl", "api_bank", 1, 1, None, None, {}),
    ("acebench/data_en/data_normal_similar_api.json", "acebench", 50, 50, None, 0, {}),
    ("acebench/data_zh/data_normal_single_turn_parallel_function.json", "acebench", 100, 100,
     None, 0, {}),
    ("acebench/data_zh/data_special_error_param.json", "acebench", 50, 50, 0, 0, {}),
    ("acebench/data_zh/data_special_irrelevant.json", "acebench", 50, 50, 0, 0, {}),
    ("acebench/data_en/data_agent_multi_step.json", "acebench", 20, 20, None, 0, {}),
    ("bfcl-v4/BFCL_v4_simple_python.json", "bfcl", 400, 400, 400, 0, {}),
    ("bfcl-v4/BFCL_v4_simple_java.json", "bfcl", 100, 100, 100, 0, {}),
    ("bfcl-v4/BFCL_v4_live_multiple.json", "bfcl", 1053, 1053, 1053, 0, {}),
    ("bfcl-v4/BFCL_v4_parallel.json", "bfcl", 200, 200, None, 0, {}),
    ("bfcl-v4/BFCL_v4_irrelevance.json", "bfcl", 240, 0, 0, 0, {}),
    ("bfcl-v4/BFCL_v4_multi_turn_base.json", "bfcl", 200, 200, None, 0, {}),
    ("bfcl-v4/BFCL_v4_multi_turn_miss_func.json", "bfcl", 200, 200, None, 0, {}),
    ("bfcl-v4/BFCL_v4_web_search.json", "bfcl", 100, 100, 0, 0, {}),
    ("bfcl-v4/history/BFCL_v3_multi_turn_base_with_inline_functions.json", "bfcl", 199, 0, 0, 0,
     {"bad_json": 1}),
]  # fmt: skip


@pytest.mark.parametrize("case", FILES, ids=lambda case: case[0])
def test_every_row_is_read(
    shared: Path,
    case: tuple[str, str, int, int, int | None, int | None, dict[str, int]],
) -> None:
    file, name, rows, answered, calls, results, rejects = case
    found, conversations, rejected = read_all(shared / "data" / file)
    messages = [message for c in conversations for message in c.messages]
    assert (found, len(conversations), dict(rejected)) == (name, rows, rejects)
    assert sum(any(m.role == "assistant" for m in c.messages) for c in conversations) == answered
    assert calls in (None, sum(len(m.tool_calls) for m in messages))
    assert results in (None, sum(m.role == "tool" for m in messages))
    assert len({c.id for c in conversations}) == len(conversations) or "rotbench" in file


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("bfcl-v4/BFCL_v4_multi_turn_base.json", 0),
        ("bfcl-v4/BFCL_v4_simple_javascript.json", 0),
        ("acebench/data_zh/data_normal_atom_object_deep.json", 0),
        ("acebench/data_en/data_agent_multi_step.json", None),
        ("rotbench/Third_Turn/clean.json", 0),
        ("t-eval/plan_json_v1.json", 0),
    ],
)
def test_arguments_are_objects_and_tools_are_on_offer(
    shared: Path, file: str, text: int | None
) -> None:
    _, conversations, _ = read_all(shared / "data" / file)
    calls = [call for c in conversations for m in c.messages for call in m.tool_calls]
    assert calls and all(c.tools for c in conversations)
    assert text is None or sum(isinstance(call.arguments, str) for call in calls) == text


@pytest.mark.parametrize(
    "file",
    [
        "acebench/data_en/possible_answer/data_normal_atom_list.json",
        "api-bank/data/exceptions.json",
        "bfcl-v4/BFCL_v4_format_sensitivity.json",
        "bfcl-v4/multi_turn_func_doc/math_api.json",
        "bfcl-v4/possible_answer/BFCL_v4_simple_python.json",
        "hammer-xlam-style/dataset_info.json",
        "hammer-xlam-style/example_eval.jsonl",
        "legalagentbench/src/output/react_glm-4.json",
        "t-eval/docs/api_descrip.json",
    ],
)
def test_what_is_no_conversation_is_not_taken_for_one(shared: Path, file: str) -> None:
    with pytest.raises(AgentDataError) as caught:
        plan_tasks([str(shared / "data" / file)])
    assert caught.value.code == "unknown_format"


@pytest.mark.parametrize(
    "source",
    [
        "acebench/data_zh/data_normal_similar_api.json",
        "api-bank/lv1-lv2-samples/level-2-toolsearcher",
        "bfcl-v4/BFCL_v4_live_simple.json",
        "bfcl-v4/BFCL_v4_multi_turn_miss_func.json",
        "hammer-xlam-style/test/hammer2.1/toolalpaca.json",
        "hammer-xlam-style/test/original/apibank_l2.json",
        "hammerbench/zh/multi-turn/HammerBench_mQmA.json",
        "legalagentbench/src/output/log_react_glm-4.txt",
        "rotbench/Third_Turn/heavy.json",
        "t-eval/plan_json_v1.json",
        "toolalpaca/data/eval_real.json",
        "toolalpaca/evalution_outputs/ToolAlpaca7b.json",
    ],
)
def test_rows_read_back_the_same_from_openai(shared: Path, source: str, tmp_path: Path) -> None:
    counts = convert([str(shared / "data" / source)], "openai", tmp_path / "rows.jsonl")
    lost = Counter[str]()
    for file in counts:
        lost.update(file.warnings)
    assert sum(file.written for file in counts)
    assert sum(file.rejects["not_representable"] for file in counts) == 0
    # Of the source, not of the way there and back.
    assert lost.keys() <= {"arguments_as_text"}
