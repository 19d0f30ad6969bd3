"""Texts cut into turns, runs of JSON values, fences."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.formats.common.fences import fenced_blocks, unfenced
from agentdata.formats.common.json_run import json_run
from agentdata.formats.common.turns import special_token_turns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no marks", []),
        ("<|im_start|>user\nhi<|im_end|>\n", [("user", "hi")]),
        ("<|im_start|>user\na\n<|im_end|>\n<|im_start|>assistant\nb", [("user", "a\n"), ("assistant", "b")]),
        ("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", [("user", "hi")]),
        ("<|begin_of_text|>Be kind.<|im_end|><|im_start|>user\nhi<|im_end|>", [("system", "Be kind."), ("user", "hi")]),
        (
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
            "<|start_header_id|>ipython<|end_header_id|>\n\n4<|eot_id|>",
            [("user", "hi"), ("ipython", "4")],
        ),
    ],
)  # fmt: skip
def test_special_token_turns(text: str, expected: list[tuple[str, str]]) -> None:
    assert [tuple(turn) for turn in special_token_turns(text)] == expected


@pytest.mark.parametrize(
    ("text", "values", "rest"),
    [
        ("", [], ""),
        ('{"a": 1}, [2]\nend', [{"a": 1}, [2]], "\nend"),
        ('{"a": "b\nc"}', [{"a": "b\nc"}], ""),
        ('{"a": 1} {"b": }', [{"a": 1}], ' {"b": }'),
        ('{"a": "\\ud800"}', [], '{"a": "\\ud800"}'),
        ("[" * 300 + "]" * 300, [], "[" * 300 + "]" * 300),
        ("text", [], "text"),
    ],
)
def test_json_run(text: str, values: list[Any], rest: str) -> None:
    found, end = json_run(text)
    assert (found, text[end:]) == (values, rest)


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("none", []),
        ("```text\na\n```\nb\n````\n```\nc\n```\n````\n", ["a\n", "```\nc\n```\n"]),
        ("`````text\na\n````\n", ["a\n"]),
        ("```\na", ["a"]),
    ],
)
def test_fenced_blocks(text: str, blocks: list[str]) -> None:
    assert fenced_blocks(text) == blocks


@pytest.mark.parametrize(
    ("text", "inside"),
    [("```python\nx\n```", "x"), (" ```\nx\ny\n``` ", "x\ny"), ("x", "x"), ("a ```\nx\n```", "a ```\nx\n```")],
)  # fmt: skip
def test_unfenced(text: str, inside: str) -> None:
    assert unfenced(text) == inside
