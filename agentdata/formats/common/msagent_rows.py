"""The envelope that both editions of MSAgent-Bench share."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from typing_extensions import TypedDict

from agentdata.conversation import Message
from agentdata.errors import RowError
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check

Role = Literal["system", "user", "assistant"]
ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
}
OWN_ROLES = frozenset({"system", "user", "assistant"})
ID_PREFIX = "MS_Agent_Bench"

MSAgentTurn = TypedDict("MSAgentTurn", {"from": str, "value": str | None})
"""A turn; other keys are allowed."""


class MSAgentRow(Row):
    """A row of `msagent` or `msagent_react`; `conversations` may be the list written as text."""

    conversations: list[MSAgentTurn] | str


class Turn(NamedTuple):
    """One turn of the row, with its place in the list of turns."""

    role: Role
    text: str
    place: int

    @property
    def pointer(self) -> str:
        """The JSON pointer of its text."""
        return f"/conversations/{self.place}/value"


def turns_of(row: dict[str, Any]) -> list[Turn]:
    """The turns of a row. Raises RowError `no_messages`, `unknown_role`, `bad_literal`, and those
    of the types."""
    row = unfold(row, strict=True)
    check(MSAgentRow, row)
    if not isinstance(row["conversations"], list) or not row["conversations"]:
        raise RowError("no_messages", "the row has no messages", pointer="/conversations")
    turns = []
    for index, raw in enumerate(row["conversations"]):
        role = ROLES.get(raw["from"])
        if role is None:
            raise RowError(
                "unknown_role",
                f"the role {raw['from']!r} is none of: {', '.join(ROLES)}",
                pointer=f"/conversations/{index}/from",
            )
        turns.append(Turn(role, raw["value"] or "", index))
    return turns


def some_messages(messages: list[Message]) -> tuple[Message, ...]:
    """The messages; raises RowError `no_messages` where nothing was left of the turns."""
    if not messages:
        raise RowError("no_messages", "all turns of the row are empty", pointer="/conversations")
    return tuple(messages)


def texts_of(row: dict[str, Any]) -> list[tuple[str, str]] | None:
    """(role, text) of the turns, None where the row is not in this envelope. Never raises."""
    conversations = unfold(row).get("conversations")
    if not isinstance(conversations, list) or not conversations:
        return None
    texts = []
    for turn in conversations:
        role, text = (turn.get("from"), turn.get("value")) if isinstance(turn, dict) else (None, "")
        if not isinstance(role, str) or role not in OWN_ROLES or not isinstance(text, str):
            return None
        texts.append((role, text))
    return texts


def has_own_id(row: dict[str, Any]) -> bool:
    """Whether the row's id is one that MSAgent-Bench gives."""
    return isinstance(row.get("id"), str) and row["id"].startswith(ID_PREFIX)
