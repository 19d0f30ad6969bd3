"""What providers' APIs and tools recorded: every conversation is read, the rest says why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import get
from agentdata.intake import plan_tasks, read_rows, read_unnamed
from agentdata.json_text import dumps, loads

pytestmark = pytest.mark.parity


@dataclass
class Read:
    formats: set[str] = field(default_factory=set)
    records: int = 0
    merged: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    rows: list[Conversation] = field(default_factory=list)


def read_all(path: Path) -> Read:
    read = Read()
    for task in plan_tasks([str(path)]):
        read.formats.add(task.format)
        for raw in read_rows(task):
            read.records += raw.records
            read.merged += raw.records - 1
            try:
                read.rows.append(read_unnamed(raw, task))
            except RowError as error:
                read.rejects[error.code] += 1
    return read


# (file or folder, format, records, merged, rows, calls, results, rejects)
FILES = [
    ("provider-cassettes/test_anthropic", "exchange", 79, 31, 46, 75, 71, {"not_a_conversation": 2}),
    ("provider-cassettes/test_bedrock", "exchange", 19, 6, 11, 14, 9, {"media_unsupported": 2}),
    ("provider-cassettes/test_cohere", "exchange", 2, 1, 1, 0, 0, {}),
    ("provider-cassettes/test_deepseek", "exchange", 3, 2, 1, 4, 4, {}),
    ("provider-cassettes/test_deepseek_responses", "exchange", 14, 4, 9, 9, 8, {"error_response": 1}),
    ("provider-cassettes/test_google", "exchange", 33, 17, 16, 26, 20, {}),
    ("provider-cassettes/test_groq", "exchange", 12, 3, 5, 7, 5, {"error_response": 4}),
    ("provider-cassettes/test_huggingface", "exchange", 9, 0, 9, 1, 0, {}),
    ("provider-cassettes/test_mistral", "exchange", 10, 2, 7, 1, 1, {"not_a_conversation": 1}),
    ("provider-cassettes/test_ollama", "exchange", 2, 1, 1, 1, 0, {}),
    ("provider-cassettes/test_openai", "exchange", 37, 13, 18, 15, 13, {"media_unsupported": 4, "not_a_conversation": 2}),
    ("provider-cassettes/test_openai_responses", "exchange", 155, 37, 88, 54, 49, {"not_a_conversation": 26, "media_unsupported": 2, "error_response": 1, "unfinished_response": 1}),
    ("provider-cassettes/test_openrouter", "exchange", 10, 1, 9, 4, 1, {}),
    ("provider-cassettes/test_search_tools", "exchange", 6, 0, 3, 3, 3, {"not_a_conversation": 3}),
    ("provider-cassettes/test_strict_tool_calls", "exchange", 9, 5, 4, 5, 5, {}),
    ("provider-cassettes/test_tool_choice_matrix", "exchange", 70, 17, 48, 54, 17, {"no_request": 5}),
    ("provider-cassettes/test_unpaired_native_tool_calls", "exchange", 3, 0, 3, 5, 5, {}),
    ("provider-cassettes/test_xai", "exchange", 22, 5, 17, 20, 18, {}),
    ("anthropic-sdk-snapshots", "exchange", 21, 8, 12, 14, 9, {"error_response": 1}),
    ("claude-code-transcripts/test/test_data/edge_cases.jsonl", "claude_code", 19, 11, 2, 3, 1, {"not_an_object": 3, "broken_event": 2, "unknown_event": 1}),
    ("claude-code-transcripts/test/test_data/representative_messages.jsonl", "claude_code", 12, 11, 1, 2, 2, {}),
    ("claude-code-transcripts/test/test_data/session_b.jsonl", "claude_code", 3, 2, 1, 0, 0, {}),
    ("claude-code-transcripts/test/test_data/todowrite_examples.jsonl", "claude_code", 12, 11, 1, 3, 3, {}),
    ("claude-code-transcripts/tests/sample_session.json", "claude_code", 33, 32, 1, 12, 12, {}),
    ("claude-code-transcripts/tests/sample_session.jsonl", "claude_code", 8, 7, 1, 2, 2, {}),
    ("harmony/test-data/test_browser_and_function_tool.txt", "harmony", 1, 0, 0, 0, 0, {"no_model_turn": 1}),
    ("harmony/test-data/test_does_not_drop_if_ongoing_analysis.txt", "harmony", 1, 0, 1, 1, 1, {}),
    ("harmony/test-data/test_dropping_cot_by_default.txt", "harmony", 1, 0, 1, 0, 0, {}),
    ("harmony/test-data/test_keep_analysis_between_finals.txt", "harmony", 1, 0, 1, 0, 0, {}),
    ("harmony/test-data/test_preserve_cot.txt", "harmony", 1, 0, 1, 0, 0, {}),
    ("harmony/test-data/test_streamable_parser.txt", "harmony", 1, 0, 1, 1, 1, {}),
    ("harmony/tests-data/basic-event-stream.txt", "responses", 1, 0, 1, 0, 0, {}),
    ("harmony/tests-data/web-search-event-stream.txt", "responses", 1, 0, 1, 1, 1, {}),
    ("openai-cookbook/drone_training.first3.jsonl", "openai", 3, 0, 3, 3, 0, {}),
]  # fmt: skip


@pytest.mark.parametrize("case", FILES, ids=lambda case: case[0])
def test_every_conversation_is_read_and_reads_the_same_as_openai(
    shared: Path, case: tuple[str, str, int, int, int, int, int, dict[str, int]]
) -> None:
    name, format_, records, merged, rows, calls, results, rejects = case
    read = read_all(shared / "data" / name)
    assert read.formats == {format_}
    assert (read.records, read.merged, len(read.rows)) == (records, merged, rows)
    assert dict(read.rejects) == rejects
    assert records == merged + rows + sum(rejects.values())
    messages = [message for row in read.rows for message in row.messages]
    assert sum(len(message.tool_calls) for message in messages) == calls
    assert sum(message.role == "tool" for message in messages) == results
    openai = get("openai")
    assert openai.write is not None
    for row in read.rows:
        assert any(message.role == "assistant" for message in row.messages)
        back = openai.read(loads(dumps(openai.write(row, []))))
        assert replace(back, warnings=row.warnings) == row


def test_tools_of_rendered_harmony(shared: Path) -> None:
    path = shared / "data/harmony/test-data/test_browser_and_function_tool.txt"
    text = path.read_text() + "<|message|>Hello.<|return|>"
    conversation = get("harmony").read({"text": text})
    (tool,) = conversation.tools
    assert tool.name == "lookup_weather"
    assert tool.parameters == {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    }
    assert "namespace browser" in conversation.messages[0].text
