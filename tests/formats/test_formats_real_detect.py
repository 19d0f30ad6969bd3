"""The format found for every file of the reference data, by shape alone."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from agentdata.errors import AgentDataError
from agentdata.formats import detect
from agentdata.intake.tasks import DETECT_ROWS
from agentdata.sources import RawRow, plan, read_unit
from agentdata.sources.paths import ENDINGS

pytestmark = pytest.mark.parity

# The first pattern that matches a file counts; `-` holds no conversations, or no rows.
TABLE = """
-               acebench/*/possible_answer/*
acebench        acebench/*
android_in_the_wild adp/android_in_the_wild/*
android_control adp/androidcontrol/*
omniact         adp/omniact/*
screenagent     adp/screenagent/*
-               adp/turkingbench/*
react           adp/agenttuning_kg/*
react           adp/agenttuning_os/sample_raw.json
adp             adp/agenttuning_os/sample_std.json
react           adp/agenttuning_webshop/*
react           adp/eto/*
openai          adp/agenttuning_*
openai          adp/code_feedback/*
openai          adp/nnetnav-live/*
openai          adp/orca_agentinstruct/*
openai          adp/swe-gym_*
llava_plus      adp/llava_plus/*
mini_swe_agent  adp/mini-coder/*
swe_agent       adp/nebius_SWE-agent-trajectories/*
alpaca          adp/synatra/*
toucan          adp/toucan_1_5m/sample_raw.json
adp             adp/toucan_1_5m/sample_std.json
web_steps       adp/webarena_successful/*
codeact         adp/*
exchange        anthropic-sdk-snapshots/*
-               api-bank/data/exceptions.json
-               api-bank/*/SearchEngine-level-1-1.jsonl
api_bank        api-bank/*
-               bfcl-v4/BFCL_v4_format_sensitivity.json
-               bfcl-v4/multi_turn_func_doc/*
-               bfcl-v4/possible_answer/*
bfcl            bfcl-v4/*
chatglm3        chatglm3/*
claude_code     claude-code-transcripts/*
codefuse        codefuse-devops-eval/*
openai          ernie/*
hermes          functionary/tests/prompt_test_cogito.txt
hermes          functionary/tests/prompt_test_gemma3.txt
hermes          functionary/tests/prompt_test_qwen2.5-text-only.txt
-               functionary/tests/prompt_test_*
openai          functionary/*
glaive          glaive/*
hermes          glm-4.5/*
-               hammer-xlam-style/dataset_info.json
-               hammer-xlam-style/example_eval.jsonl
xlam            hammer-xlam-style/*
hammerbench     hammerbench/*
-               harmony/test-data/test_simple_reasoning_response.txt
-               harmony/test-data/test_simple_tool_call.txt
harmony         harmony/test-data/*
responses       harmony/tests-data/*
-               hermes/hf_chat_template_cell11_*
openai          hermes/hf_chat_template_cell15_*
openai          hermes/hf_chat_template_cell18_*
hermes          hermes/*
-               legalagentbench/src/output/react_glm-4.json
legalagentbench legalagentbench/*
-               llamafactory-sharegpt/dataset_info.json
swift           llamafactory-sharegpt/mllm_demo.json
sharegpt        llamafactory-sharegpt/glaive_toolcall_*
openai          llamafactory-sharegpt/*
-               mini-swe-agent/*/results.json
mini_swe_agent  mini-swe-agent/*
openai          ms-swift-docs/*Qwen3-Best-Practice.jsonl
alpaca          ms-swift-docs/*/alpaca.jsonl
openai          ms-swift-docs/*/chatml.jsonl
sharegpt        ms-swift-docs/*/conversations.jsonl
swift           ms-swift-docs/*
msagent         msagent/README_CN_MS_Agent_Bench_20.json
msagent_react   msagent/swift_docs_zh_MS_Agent_Bench_126374.json
msagent         msagent/XVERSE-13B_README_toolcall_transcript.txt
msagent         msagent/fewshot_prompts/story_agent_INSTRUCTION_TEMPLATE.txt
msagent         msagent/notebook_rollouts/*
-               msagent/*
nemo            nemo-chat-mask/*
openai          openai-cookbook/*
-               openhands/*/example_model_output.json
openhands       openhands/*
exchange        provider-cassettes/*
-               qwen-agent/*
rotbench        rotbench/*
swe_agent       swe-agent/*
-               t-eval/docs/*
t_eval          t-eval/*
tau_few_shot    tau-bench/few_shot_data/*
openai          tau-bench/*
tau2            tau2-bench/results/*
openai          tau2-bench/*
toolalpaca      toolalpaca/*
toolbench       toolbench/answer/*
-               toolbench/*
ui_tars         ui-tars/*
hermes          webdancer/*
-               xlam/nvidia_notebook_cell10_stdout.txt
xlam            xlam/*
xtuner          xtuner/internlm2_hybrid_agent.json
xtuner          xtuner/toy_custom_multi_turn_data.json
swift           xtuner/*/qwen35_tokenize_data.jsonl
openai          xtuner/*
"""
PATTERNS = [tuple(line.split()) for line in TABLE.strip().splitlines()]


def found(path: Path) -> str:
    values = []
    for unit in plan([path]):
        for number, row in enumerate(read_unit(unit)):
            if isinstance(row, RawRow):
                values.append(row.value)
            if number + 1 == DETECT_ROWS:
                break
    try:
        return detect(values[:DETECT_ROWS])
    except AgentDataError as error:
        return "-" if error.code == "unknown_format" else error.code


def test_the_format_of_every_file(shared: Path) -> None:
    data = shared / "data"
    wrong, used = [], set()
    for path in sorted(data.rglob("*")):
        if not path.is_file() or not path.name.lower().endswith(ENDINGS):
            continue
        place = path.relative_to(data).as_posix()
        expected, pattern = next(
            (p for p in PATTERNS if fnmatchcase(place, p[1])), ("no pattern", "")
        )
        used.add(pattern)
        if (name := found(path)) != expected:
            wrong.append((place, expected, name))
    assert wrong == []
    assert {pattern for _, pattern in PATTERNS} <= used
