"""Real trajectories of agents: what every file of conversations gives, and nothing lost to openai."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import get
from agentdata.intake import UNKNOWN_FORMAT, plan_tasks, read_rows, read_unnamed

pytestmark = pytest.mark.parity

FOLDERS = (
    "adp",
    "mini-swe-agent",
    "msagent",
    "openhands",
    "swe-agent",
    "toolbench",
    "ui-tars",
)

TABLE = """
openai           5    0    0 -             adp/agenttuning_alfworld/sample_raw.json
openai           5    0    0 -             adp/agenttuning_db/sample_raw.json
react            5   65   65 -             adp/agenttuning_kg/sample_raw.json
openai           5    0    0 -             adp/agenttuning_mind2web/sample_raw.json
react            5   24   24 -             adp/agenttuning_os/sample_raw.json
adp              5   24   24 -             adp/agenttuning_os/sample_std.json
react            5   17   12 -             adp/agenttuning_webshop/sample_raw.json
openai          10    0    0 -             adp/code_feedback/sample_raw.json
android_in_the_wild 1 3    2 -             adp/android_in_the_wild/sample_raw.json
android_control  3    8    8 -             adp/androidcontrol/sample_raw.json
omniact          3    0    0 -             adp/omniact/sample_raw.json
screenagent     57    0    0 -             adp/screenagent/sample_raw.json
codeact          5   11   11 -             adp/codeactinstruct/sample_raw.json
react            3   12    9 -             adp/eto/sample_raw.json
llava_plus       3    6    0 -             adp/llava_plus/sample_raw.json
mini_swe_agent   1    8    7 -             adp/mini-coder/sample_raw.json
swe_agent        5   49   44 -             adp/nebius_SWE-agent-trajectories/sample_raw.json
openai          30    0    0 -             adp/nnetnav-live/sample_raw.json
codeact          5   83   78 -             adp/openhands/sample_sft.json
openai           5    0    0 -             adp/orca_agentinstruct/sample_raw.json
openai           5   87   82 -             adp/swe-gym_openhands_sampled_trajectories/sample_raw.json
codeact          5  127  123 -             adp/swe-play-trajectories/sample_raw.json
codeact          5  116  111 -             adp/swe-smith/sample_raw.json
alpaca           5    0    0 -             adp/synatra/sample_raw.json
toucan           1    1    1 -             adp/toucan_1_5m/sample_raw.json
codeact          1    2    1 -             adp/toucan_1_5m/sample_sft.json
codeact          1    2    1 -             adp/toucan_1_5m/sample_sft/sample_sft_openhands.json
codeact          1    2    1 -             adp/toucan_1_5m/sample_sft/sample_sft_sweagent.json
adp              1    1    1 -             adp/toucan_1_5m/sample_std.json
web_steps        3    4    1 -             adp/webarena_successful/sample_raw.json
mini_swe_agent   1   10   10 -             mini-swe-agent/tests/test_data/github_issue.traj.json
mini_swe_agent   1    2    2 -             mini-swe-agent/tests/test_data/local.traj.json
msagent          1    1    1 -             msagent/README_CN_MS_Agent_Bench_20.json
msagent_react    1    3    3 -             msagent/swift_docs_zh_MS_Agent_Bench_126374.json
openhands        3  105  103 -             openhands/evaluation/benchmarks/multi_swe_bench/examples/output.jsonl
openhands       89   89    0 -             openhands/history/gorilla_apibench_output_gpt-4o-2024-05-13_tf.jsonl
openhands        1    2    1 -             openhands/tests/runtime/trajs/basic.json
openhands        1    4    4 -             openhands/tests/runtime/trajs/basic_gui_mode.json
openhands        1    1    0 -             openhands/tests/runtime/trajs/basic_interactions.json
openhands        1    4    3 -             openhands/tests/runtime/trajs/wrong_initial_state.json
openhands        2   26   24 -             openhands/tests/unit/resolver/mock_output/output.jsonl
swe_agent        1    4    4 -             swe-agent/tests/test_data/trajectories/gpt4__swe-agent-test-repo__default_from_url__t-0.00__p-0.95__c-3.00__install-1/6e44b9__sweagenttestrepo-1c2844.traj
swe_agent        1    5    4 -             swe-agent/tests/test_data/trajectories/gpt4__swe-agent__test-repo__default_from_url__t-0.00__p-0.95__c-3.00__install-1/swe-agent__test-repo-i1.traj
swe_agent        1   12   11 -             swe-agent/tests/test_data/trajectories/gpt4__swe-bench-dev-easy_first_only__default__t-0.00__p-0.95__c-3.00__install-1/pydicom__pydicom-1458.traj
swe_agent        1   15   14 -             swe-agent/trajectories/demonstrations/ctf/crypto/BabyEncryption.traj
swe_agent        1    9    8 -             swe-agent/trajectories/demonstrations/ctf/crypto/BabyTimeCapsule.traj
swe_agent        1   14   13 -             swe-agent/trajectories/demonstrations/ctf/crypto/eps.traj
swe_agent        1   18   17 -             swe-agent/trajectories/demonstrations/ctf/crypto/katy.traj
swe_agent        1    4    3 -             swe-agent/trajectories/demonstrations/ctf/forensics/flash.traj
swe_agent        1    4    3 -             swe-agent/trajectories/demonstrations/ctf/misc/networking_1.traj
swe_agent        1    7    6 -             swe-agent/trajectories/demonstrations/ctf/pwn/warmup.traj
swe_agent        1   12   11 -             swe-agent/trajectories/demonstrations/ctf/rev/rock.traj
swe_agent        1   21   20 -             swe-agent/trajectories/demonstrations/ctf/web/i_got_id_demo.traj
swe_agent        1    5    5 -             swe-agent/trajectories/demonstrations/function_calling_simple.traj
swe_agent        1    5    4 -             swe-agent/trajectories/demonstrations/human_thought__swe-bench-HumanEvalFix-python__lcb__t-0.00__p-0.95__c-4.00__install-0/humanevalfix-python-0.traj
swe_agent        1   14   13 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__default__t-0.20__p-0.95__c-2.00__install-1___install_from_source/marshmallow-code__marshmallow-1867.traj
swe_agent        1   12   11 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__default_sys-env_cursors_window100__t-0.20__p-0.95__c-2.00__install-1/marshmallow-code__marshmallow-1867.traj
swe_agent        1   11   10 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__default_sys-env_window100__t-0.20__p-0.95__c-2.00__install-1/marshmallow-code__marshmallow-1867.traj
swe_agent        1   11   11 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__function_calling__install-1/marshmallow-code__marshmallow-1867.traj
swe_agent        1   11   11 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__function_calling_replace__install-1/marshmallow-code__marshmallow-1867.traj
swe_agent        1   13   13 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__function_calling_replace_from_source/marshmallow-code__marshmallow-1867.traj
swe_agent        1   12   11 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__xml_sys-env_cursors_window100__t-0.20__p-0.95__c-2.00__install-1/marshmallow-code__marshmallow-1867.traj
swe_agent        1   11   10 -             swe-agent/trajectories/demonstrations/replay__marshmallow-code__marshmallow-1867__xml_sys-env_window100__t-0.20__p-0.95__c-2.00__install-1/marshmallow-code__marshmallow-1867.traj
toolbench        1    3    2 -             toolbench/answer/G1_answer/10_ChatGPT_DFS_woFilter_w2.json
toolbench        1    4    3 -             toolbench/answer/G1_answer/11_ChatGPT_DFS_woFilter_w2.json
toolbench        1    4    3 -             toolbench/answer/G1_answer/57_ChatGPT_DFS_woFilter_w2.json
toolbench        1    5    4 -             toolbench/answer/G1_answer/59_ChatGPT_DFS_woFilter_w2.json
toolbench        0    0    0 no_messages:1 toolbench/answer/G1_answer/69_ChatGPT_DFS_woFilter_w2.json
toolbench        1    4    3 -             toolbench/answer/G2_answer/102_ChatGPT_DFS_woFilter_w2.json
toolbench        1    4    3 -             toolbench/answer/G2_answer/10_ChatGPT_DFS_woFilter_w2.json
toolbench        2    5    3 -             toolbench/answer/G2_answer/119_ChatGPT_DFS_woFilter_w2.json
toolbench        1    3    2 -             toolbench/answer/G2_answer/127_ChatGPT_DFS_woFilter_w2.json
toolbench        1    3    2 -             toolbench/answer/G2_answer/52_ChatGPT_DFS_woFilter_w2.json
toolbench        2    8    6 -             toolbench/answer/G3_answer/13_ChatGPT_DFS_woFilter_w2.json
toolbench        2    6    4 -             toolbench/answer/G3_answer/15_ChatGPT_DFS_woFilter_w2.json
toolbench        1    4    3 -             toolbench/answer/G3_answer/21_ChatGPT_DFS_woFilter_w2.json
toolbench        2    6    4 -             toolbench/answer/G3_answer/3_ChatGPT_DFS_woFilter_w2.json
toolbench        0    0    0 no_messages:1 toolbench/answer/G3_answer/8_ChatGPT_DFS_woFilter_w2.json
ui_tars          1    0    0 -             ui-tars/data/test_messages_single_image.json
ui_tars          1    0    0 -             ui-tars/data/training_example.json
"""
"""Format, conversations, calls, results, rejects by code, file: one file a line."""

ROWS = [line.split(maxsplit=5) for line in TABLE.strip().splitlines()]

WARNINGS = {
    "adp/agenttuning_kg/sample_raw.json": {"arguments_as_text": 65},
    "adp/agenttuning_webshop/sample_raw.json": {"arguments_as_text": 17},
    "adp/android_in_the_wild/sample_raw.json": {"steps_missing": 1},
    "adp/eto/sample_raw.json": {"arguments_as_text": 12},
    "adp/swe-play-trajectories/sample_raw.json": {"call_not_closed": 4},
    "toolbench/answer/G3_answer/13_ChatGPT_DFS_woFilter_w2.json": {"trained_in_another_row": 1},
    "toolbench/answer/G3_answer/3_ChatGPT_DFS_woFilter_w2.json": {"trained_in_another_row": 1},
}


def read_all(path: Path) -> tuple[str, list[Conversation], Counter[str]]:
    conversations, rejects, format_ = [], Counter[str](), ""
    for task in plan_tasks([str(path)]):
        format_ = task.format
        for raw in read_rows(task):
            try:
                conversations.append(read_unnamed(raw, task))
            except RowError as error:
                rejects[error.code] += 1
    return format_, conversations, rejects


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[-1])
def test_every_row_is_read_and_comes_back_from_openai(shared: Path, row: list[str]) -> None:
    file = row[-1]
    format_, conversations, rejects = read_all(shared / "data" / file)
    calls = sum(len(m.tool_calls) for c in conversations for m in c.messages)
    results = sum(m.role == "tool" for c in conversations for m in c.messages)
    codes = ",".join(f"{code}:{number}" for code, number in rejects.items()) or "-"
    assert [format_, str(len(conversations)), str(calls), str(results), codes, file] == row
    openai = get("openai")
    assert openai.write is not None
    for conversation in conversations:
        back = openai.read(openai.write(conversation, []))
        assert replace(back, warnings=()) == replace(conversation, warnings=())
    warnings = Counter(code for c in conversations for code in c.warnings)
    assert dict(warnings) == WARNINGS.get(file, {})


def test_no_other_file_of_these_folders_holds_conversations(shared: Path) -> None:
    folders = [str(shared / "data" / folder) for folder in FOLDERS]
    known = {
        str(task.unit.path.relative_to(shared / "data"))
        for task in plan_tasks(folders)
        if task.format != UNKNOWN_FORMAT
    }
    assert known == {row[-1] for row in ROWS}


def test_a_tree_trains_every_turn_of_the_model_once(shared: Path) -> None:
    (path,) = (shared / "data/toolbench/answer").rglob("13_ChatGPT*")
    _, chains, _ = read_all(path)
    assert len(chains) == 2
    turns = Counter(
        (index, repr(chain.messages[: index + 1]).replace("loss=False", "loss=None"))
        for chain in chains
        for index, message in enumerate(chain.messages)
        if message.role == "assistant" and message.loss is not False
    )
    assert set(turns.values()) == {1}
