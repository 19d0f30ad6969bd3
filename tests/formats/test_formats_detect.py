"""Which format a file's first rows have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.errors import AgentDataError, UsageError
from agentdata.formats import FORMATS, Format, detect, get, looks_like_row


def chat(*roles: str, **message: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": "x", **message} for role in roles]}


def share(*roles: str, value: str = "x") -> dict[str, Any]:
    return {"conversations": [{"from": role, "value": value} for role in roles]}


PLAIN = chat("user", "assistant")
CALLS = chat("assistant", tool_calls=[{"function": {"name": "f"}}])
TOOL_CALL = chat("user", "tool_call", "tool_response")
BLOCKS = share("user", "assistant", value="<|startofthink|>{}<|endofthink|>")
REACT = share("user", "assistant", value="Action: a\nAction Input: {}")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([PLAIN], "openai"),
        ([PLAIN, CALLS], "openai"),
        ([{"traj": PLAIN["messages"]}], "openai"),
        ([{"conversations": PLAIN["messages"]}], "openai"),
        ([TOOL_CALL], "swift"),
        ([PLAIN] * 9 + [TOOL_CALL], "swift"),
        ([PLAIN, CALLS, TOOL_CALL], "swift"),
        ([CALLS, CALLS, TOOL_CALL], "swift"),
        ([chat("user", "assistant", loss=True)], "swift"),
        ([{**PLAIN, "images": ["a.png"]}], "swift"),
        ([{"query": "q", "response": "r"}], "swift"),
        ([{"conversation": [{"human": "q", "assistant": "a"}]}], "swift"),
        ([share("human", "gpt")], "sharegpt"),
        ([share("system", "user", "assistant")], "sharegpt"),
        ([{"conversations": [{"role": "function_call", "content": "{}"}]}], "sharegpt"),
        ([{"conversations": str(share("human", "gpt")["conversations"])}], "sharegpt"),
        ([share("user", "assistant")] * 9 + [BLOCKS], "msagent"),
        ([{"id": "MS_Agent_Bench_3", **share("user", "assistant")}], "msagent"),
        ([{"id": "MS_Agent_Bench_3", **REACT}], "msagent_react"),
        ([{"conversations": str(REACT["conversations"])}], "msagent_react"),
        ([{"text": "prompt: <|system|>:s\n<|user|>:q\n<|assistant|>:a</s>"}], "msagent"),
        ([{"junk": 1}, PLAIN], "openai"),
    ],
)
def test_detect(rows: list[dict[str, Any]], expected: str) -> None:
    assert detect(rows) == expected


@pytest.mark.parametrize("rows", [[], [{}], [{"messages": []}], [{"messages": "text"}], [{"a": 1}]])
def test_unknown_rows_ask_for_a_name(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(AgentDataError) as caught:
        detect(rows)
    assert caught.value.code == "unknown_format"
    assert "--format NAME" in caught.value.remedy


def test_rows_that_fit_two_formats_alike_ask_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = get("openai")
    monkeypatch.setitem(
        FORMATS, "twin", Format("twin", "", twin.row_model, twin.detect, twin.read, general=True)
    )
    with pytest.raises(AgentDataError) as caught:
        detect([PLAIN])
    assert caught.value.code == "ambiguous_format"
    assert "openai, twin" in str(caught.value)


def test_an_unknown_name_says_which_are_known() -> None:
    with pytest.raises(UsageError) as caught:
        get("opanai")
    assert caught.value.code == "unknown_format"
    assert "--format opanai" in str(caught.value)
    assert "openai" in caught.value.remedy


@pytest.mark.parametrize("name", FORMATS)
def test_registry(name: str) -> None:
    assert get(name).name == name
    assert get(name).summary


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["messages", "conversations", "role", "from", "value", "content", "id"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_detection_never_raises(value: Any) -> None:
    looks_like_row(value)
    looks_like_row({"messages": value})
    looks_like_row({"conversations": value, "id": value, "response": value, "conversation": value})
