"""ToolBench: trees of answers with their chains of messages, and the training rows of ToolLLaMA.

A tree gives one row for each chain that no longer one begins with; a turn of the model that an
earlier chain holds behind the same messages is not trained a second time.
Source: ToolLLM (arXiv 2307.16789).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message, ToolSpec
from agentdata.errors import RowError
from agentdata.formats import rotbench
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, Dialect, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import ChatMessage, Row, ShareTurn, ToolsField
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check
from agentdata.formats.react import read_react
from agentdata.json_text import dumps

CHAINS = Dialect(
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "function": Act.TOOL,
    },
)
ROWS = Dialect(
    messages=("conversations",),
    role=("from",),
    content=("value",),
    roles=CHAINS.roles,
)
TRAINED_ELSEWHERE = "trained_in_another_row"
"""Warning: a turn that another chain of the same tree trains behind the same messages."""
_APIS = re.compile(
    r"\s*Specifically, you have access to the following APIs:\s*(?P<apis>\[.*\])", re.S
)
_INPUT = "\nAction Input:"


class Answer(Row):
    """The answer of a tree: its tools, and a chain of messages up to each step."""

    function: ToolsField = None
    train_messages: list[list[ChatMessage]] | None = None
    query: str | None = None
    valid_data: bool | None = None


class ToolBenchRow(Row):
    """A row of `toolbench`: `answer_generation` of a tree, or `conversations` of ToolLLaMA."""

    answer_generation: Answer | None = None
    conversations: list[ShareTurn] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the chains of a tree, or by role `function` beside actions with their inputs,
    unless it is `rotbench`."""
    answer = row.get("answer_generation")
    if isinstance(answer, dict):
        chains = isinstance(answer.get("train_messages"), list) or "tree" in row
        return Fit.MARKED if chains else Fit.NO
    row = unfold(row)
    roles = roles_of(row, ROWS)
    if roles is None:
        return Fit.NO
    texts = [turn.get("value") for turn in row["conversations"]]
    if not all(isinstance(text, str) for text in texts):
        return Fit.NO
    acts = any(
        _INPUT in text for role, text in zip(roles, texts, strict=True) if role == "assistant"
    )
    marked = acts and "function" in roles and rotbench.detect(row) is Fit.NO
    return Fit.MARKED if marked else Fit.READABLE


def explode(row: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """A row for each chain that no later one begins with."""
    answer = row.get("answer_generation")
    chains = answer.get("train_messages") if isinstance(answer, dict) else None
    if not isinstance(chains, list) or not all(isinstance(chain, list) for chain in chains):
        return []
    trained: set[str] = set()
    rows = []
    for index, chain in enumerate(chains):
        if any(later[: len(chain)] == chain for later in chains[index + 1 :]):
            continue
        part = {**row["answer_generation"], "train_messages": [_once(chain, trained)]}
        rows.append(
            (f"/answer_generation/train_messages/{index}", {**row, "answer_generation": part})
        )
    return rows


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages` where a tree came to no answer."""
    row = unfold(row, strict=True)
    check(ToolBenchRow, row)
    answer = row.get("answer_generation")
    if answer is None:
        return _with_tools(read_react(read_chat(row, ROWS)))
    if not answer.get("train_messages"):
        raise RowError(
            "no_messages",
            "the tree came to no answer: it has no train_messages",
            pointer="/answer_generation/train_messages",
        )
    chain = answer["train_messages"][-1]
    conversation = read_chat(
        {"id": row.get("id"), "tools": answer.get("function"), "messages": chain}, CHAINS
    )
    again = sum(bool(m.get("role") == "assistant" and m.get("loss") is False) for m in chain)
    return replace(conversation, warnings=(*conversation.warnings, *[TRAINED_ELSEWHERE] * again))


def _once(chain: list[Any], trained: set[str]) -> list[Any]:
    """The chain, with the turns of the model that were trained behind the same messages marked."""
    marked = []
    before = ""
    for message in chain:
        before += dumps(message)
        is_model = isinstance(message, dict) and message.get("role") == "assistant"
        marked.append({**message, "loss": False} if is_model and before in trained else message)
        if is_model:
            trained.add(before)
    return marked


def _with_tools(conversation: Conversation) -> Conversation:
    """The conversation with the list of APIs in its system text as tools."""
    first, *others = conversation.messages
    if first.role != "system" or not isinstance(first.content, str):
        return conversation
    match = _APIS.search(first.content)
    tools = _tools(match["apis"]) if match else ()
    if match is None or not tools:
        return conversation
    text = (first.content[: match.start()] + first.content[match.end() :]).rstrip()
    messages = [Message("system", text)] if text else []
    return replace(conversation, messages=(*messages, *others), tools=tools)


def _tools(text: str) -> tuple[ToolSpec, ...]:
    try:
        return read_tools(text, "")
    except RowError:
        return ()


FORMAT = Format(
    name="toolbench",
    summary="ToolBench: answer trees with chains of function calls; training rows of ToolLLaMA",
    row_model=ToolBenchRow,
    detect=detect,
    read=read,
    explode=explode,
)
