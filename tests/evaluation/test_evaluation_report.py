"""From files to a report: every row of either side is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentdata.errors import AgentDataError, UsageError
from agentdata.evaluation import Compare, EvalReport, evaluate
from agentdata.evaluation.predicted import parse_turn, read_prediction

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def call(city: str) -> dict[str, Any]:
    function = {"name": "weather", "arguments": json.dumps({"city": city})}
    return {"id": "c", "type": "function", "function": function}


def row(name: str, *cities: str) -> dict[str, Any]:
    """A question, a turn of calls, their results, and a reply: two turns of the model."""
    return {
        "id": name,
        "tools": [TOOL],
        "messages": [
            {"role": "user", "content": "And the weather?"},
            {"role": "assistant", "content": "", "tool_calls": [call(city) for city in cities]},
            *({"role": "tool", "content": "sun", "tool_call_id": "c"} for _ in cities),
            {"role": "assistant", "content": "It is sunny."},
        ],
    }


def write(path: Path, rows: list[Any]) -> str:
    lines = (line if isinstance(line, str) else json.dumps(line) for line in rows)
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def run(tmp_path: Path, rows: list[Any], predictions: list[Any], **options: Any) -> EvalReport:
    source = write(tmp_path / "val.jsonl", rows)
    return evaluate([source], write(tmp_path / "p.jsonl", predictions), resamples=20, **options)


def value(report: EvalReport, name: str) -> float | None:
    return report.figures[name].value if name in report.figures else None


HERMES = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call><|im_end|>'


@pytest.mark.parametrize(
    "prediction",
    [
        {"text": HERMES},
        {"output": f"<think>\nhm\n</think>\n\n{HERMES}"},
        {"tool_calls": [call("Oslo")], "content": ""},
        {"calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]},
        {"result": [{"weather": '{"city": "Oslo"}'}]},
    ],
)
def test_a_prediction_is_read_in_every_form(tmp_path: Path, prediction: dict[str, Any]) -> None:
    report = run(
        tmp_path, [row("a", "Oslo")], [{"id": "a", "turn": 0} | prediction], template="qwen3"
    )
    assert (value(report, "turn"), value(report, "format")) == (1, 1)
    assert report.worst == []


def test_every_row_of_both_files_is_accounted_for(tmp_path: Path) -> None:
    rows = [row("a", "Oslo"), row("b", "Rome", "Bonn"), row("c", "Nice"), {"id": "d"}]
    predictions: list[Any] = [
        {"id": "a", "turn": 0, "text": HERMES},
        {"id": "a", "text": "It is sunny."},  # the last turn
        {
            "id": "b",
            "turn": 0,
            "calls": [{"weather": {"city": "Bonn"}}, {"weather": {"city": "Rom"}}],
        },
        {"id": "b", "turn": 0, "text": HERMES},
        {"id": "b", "turn": 9, "text": HERMES},
        {"id": "z", "text": HERMES},
        {"id": "c", "turn": 0},
        {"text": HERMES},
        {"id": "c", "turn": "first", "text": HERMES},
        "{",
    ]
    report = run(tmp_path, rows, predictions, template="hermes", format_="openai")
    assert report.unread == {
        "second_prediction": 1,
        "no_reference": 2,
        "no_prediction": 1,
        "no_id": 1,
        "bad_turn": 1,
        "bad_json": 1,
    }
    assert report.predictions == 10 == report.scored + report.unread.total()
    assert report.turns == 6 == report.scored + report.unpredicted
    assert (report.scored, report.rejected) == (3, 1)
    assert (value(report, "name"), value(report, "call")) == (1, 2 / 3)
    assert value(report, "rouge_l") == 1
    (wrong,) = report.worst
    assert (wrong.id, wrong.turn) == ("b", 0)
    assert wrong.diff == [
        *("  weather", '-   city: "Rome"', '+   city: "Rom"'),
        *("  weather", '    city: "Bonn"'),
    ]
    assert set(report.tools) == {"weather"} and report.tools["weather"]["call"].of == 3


def test_turns_without_a_prediction_may_count_as_wrong(tmp_path: Path) -> None:
    predictions = [{"id": "a", "turn": 0, "text": HERMES}]
    rows = [row("a", "Oslo"), row("b", "Oslo")]
    assert value(run(tmp_path, rows, predictions, template="hermes"), "turn") == 1
    report = run(tmp_path, rows, predictions, template="hermes", missing="wrong")
    assert (value(report, "turn"), value(report, "format"), report.unpredicted) == (0.5, 0.25, 3)


def test_source_tells_rows_with_one_id_apart(tmp_path: Path) -> None:
    sources = [
        write(tmp_path / name, [row("a", city)])
        for name, city in (("one.jsonl", "Oslo"), ("two.jsonl", "Rome"))
    ]
    named = [
        {"id": "a", "source": source, "turn": 0, "tool_calls": [call(city)]}
        for source, city in (("two.jsonl", "Rome"), (sources[0], "Oslo"))
    ]
    report = evaluate(sources, write(tmp_path / "p.jsonl", named))
    assert (value(report, "turn"), report.scored, report.repeated_ids) == (1, 2, 0)
    assert [figures["turn"].of for figures in report.sources.values()] == [1, 1]
    unnamed = [{"id": "a", "turn": 0, "tool_calls": [call("Oslo")]}]
    report = evaluate(sources, write(tmp_path / "p.jsonl", unnamed))
    assert (report.scored, report.repeated_ids) == (1, 1)


def test_the_report_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [row(name, city) for name, city in zip("abcdef", ["Oslo", "Rome"] * 3, strict=True)]
    predictions = [{"id": name, "turn": 0, "text": HERMES} for name in "abcdef"]
    one = run(tmp_path, rows, predictions, template="hermes")
    other = run(tmp_path, rows[::-1], predictions[::-1], template="hermes")
    assert one == other
    assert value(one, "turn") == 0.5 and len(one.worst) == 3


def test_schema_and_tools_on_offer_are_those_of_the_row(tmp_path: Path) -> None:
    tool = json.loads(json.dumps(TOOL))
    tool["function"]["parameters"] = {"type": "object", "properties": {"city": {"type": "string"}}}
    predictions = [
        {"id": "a", "turn": 0, "calls": [{"weather": {"city": 7}}, {"weathr": {}}]},
    ]
    report = run(tmp_path, [row("a", "Oslo") | {"tools": [tool]}], predictions)
    assert (value(report, "schema_valid"), report.figures["schema_valid"].of) == (0, 1)
    assert (value(report, "hallucinated"), value(report, "extra_calls")) == (0.5, 0.5)


BLOCK = (
    '<|startofthink|>```JSON\n{"api_name": "weather", "url": "http://u/1", "parameters": '
    '{"city": "Oslo"}}\n```<|endofthink|>'
)


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        (BLOCK, (1, 1, 1, 1)),
        (BLOCK + "\n\n<|startofexec|>```JSON\n{}\n```<|endofexec|>\nSun.", (1, 1, 1, 1)),
        (BLOCK.replace("u/1", "u/2"), (1, 1, 0, 0)),
        (BLOCK.replace("Oslo", "Rome"), (1, 1, 1, 0)),
        (BLOCK.replace("weather", "whether"), (1, 0, 1, 0)),
        (BLOCK.replace("}}", "}"), (0, 0, 0, 0)),
        ("Action: weather\nAction Input: {}", (1, 1, 0, 0)),
    ],
)
def test_msagent_bench_scores_plugin_url_parameters_and_the_whole(
    tmp_path: Path, text: str, figures: tuple[float, ...]
) -> None:
    value_ = BLOCK + "\n\n<|startofexec|>```JSON\n{}\n```<|endofexec|>\nSunny."
    turns = [{"from": "user", "value": "?"}, {"from": "assistant", "value": value_}]
    predictions = [{"id": "MS_Agent_Bench_1", "turn": 0, "text": text}]
    report = run(
        tmp_path,
        [{"id": "MS_Agent_Bench_1", "conversations": turns}],
        predictions,
        template="modelscope_agent",
    )
    names = ("format", "name", "url", "call")
    assert tuple(value(report, name) for name in names) == figures


@pytest.mark.parametrize(
    ("options", "predictions", "code"),
    [
        ({"template": "nonsense"}, [{"id": "a", "text": "x"}], "unknown_agent_template"),
        ({}, [{"id": "q", "text": "x"}], "nothing_scored"),
        ({}, [{"id": "a", "text": "x"}], "no_template"),
        ({}, [{"id": "a"}], "nothing_scored"),
        ({}, [], "nothing_scored"),
    ],
)
def test_what_cannot_be_scored_is_one_clear_line(
    tmp_path: Path, options: dict[str, Any], predictions: list[Any], code: str
) -> None:
    with pytest.raises(AgentDataError) as error:
        run(tmp_path, [row("a", "Oslo")], predictions, **options)
    assert error.value.code == code


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = write(tmp_path / "val.jsonl", [row("a", "Oslo")])
    with pytest.raises(UsageError, match=r"none\.jsonl"):
        evaluate([source], tmp_path / "none.jsonl")


def test_text_without_marks_of_calls_is_a_reply() -> None:
    turn = parse_turn("It is sunny.<|im_end|>", "qwen3")
    assert (turn.calls, turn.content, turn.is_sound) == ((), "It is sunny.", True)
    assert read_prediction({"content": "It is sunny."}, None).content == "It is sunny."


def test_compare_is_that_of_the_option(tmp_path: Path) -> None:
    predictions = [{"id": "a", "turn": 0, "tool_calls": [call("oslo")]}]
    right = {
        compare: value(run(tmp_path, [row("a", "Oslo")], predictions, compare=compare), "call")
        for compare in Compare
    }
    assert right == {"strict": 0, "json": 0, "loose": 1, "bfcl": 1}
