"""What a row written by this package carries under the key `agentdata`, beside its format."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agentdata.conversation import Conversation, NativeTurn

KEY = "agentdata"


class Carried(BaseModel):
    """The parts of a conversation that no common format has a field for."""

    model_config = ConfigDict(defer_build=True)

    meta: dict[str, Any] = Field(default_factory=dict)
    native: tuple[NativeTurn, ...] = ()


def carried(conversation: Conversation, fields: Collection[str]) -> dict[str, Any]:
    """The columns for the conversation's meta: one of its own for each of `fields`, the rest and
    the native turns under `agentdata`; {} where there is nothing to carry."""
    columns = {key: conversation.meta[key] for key in fields if key in conversation.meta}
    columns = {key: value for key, value in columns.items() if value is not None}
    rest = {key: value for key, value in conversation.meta.items() if key not in columns}
    own: dict[str, Any] = {"meta": rest} if rest else {}
    if conversation.native:
        own["native"] = [asdict(turn) for turn in conversation.native]
    return columns | ({KEY: own} if own else {})


def read_carried(row: Mapping[str, Any]) -> Carried:
    """What a row whose types were checked carries."""
    value = row.get(KEY)
    return _nothing() if value is None else Carried.model_validate(value)


@cache
def _nothing() -> Carried:
    return Carried()
