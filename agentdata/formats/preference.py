"""Rows of preferences: a prompt with a chosen and a rejected answer (DPO, ORPO), or with one answer
that is wanted or not (KTO).

What is read is the prompt with the chosen answer: that is what supervised training learns. The
rejected one is passed over with a warning, and an answer that is not wanted is not trained. The
messages may be in any dialect that the formats below read. Sources: TRL, LLaMA-Factory, When2Call,
hh-rlhf.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import hermes, nemo, openai, sharegpt, swift, toolace
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import JsonList, Row
from agentdata.formats.common.turns import labelled_turns
from agentdata.formats.common.values import check, first_key

_PROMPT = ("prompt", "messages", "conversations", "question", "instruction")
_CHOSEN = ("chosen", "chosen_response", "completion")
_REJECTED = ("rejected", "rejected_response")
_READERS: tuple[Format, ...] = (
    hermes.FORMAT,
    nemo.FORMAT,
    toolace.FORMAT,
    swift.FORMAT,
    openai.FORMAT,
    sharegpt.FORMAT,
)
_LABEL = re.compile(r"(?:\A|\n\n)(Human|Assistant):")
_LABELS = {"Human": "user", "Assistant": "assistant"}

Answer = str | JsonList | dict[str, Any] | None


class PreferenceRow(Row):
    """A row of `preference`."""

    prompt: str | JsonList | None = None
    messages: str | JsonList | None = None
    conversations: str | JsonList | None = None
    question: str | None = None
    instruction: str | None = None
    chosen: Answer = None
    chosen_response: Answer = None
    rejected: Answer = None
    rejected_response: Answer = None
    completion: Answer = None
    label: bool | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by an answer that is chosen beside one that is rejected, a list of messages to a
    prompt that is one, or a label of an answer."""
    if first_key(row, _CHOSEN[:2]) and first_key(row, _REJECTED):
        return Fit.MARKED
    prompt, completion = row.get("prompt"), row.get("completion")
    if isinstance(prompt, list) and isinstance(completion, list):
        return Fit.MARKED
    labelled = isinstance(row.get("label"), bool) and isinstance(prompt, str)
    return Fit.MARKED if labelled and isinstance(completion, str) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`, `unknown_role`, and those of
    messages."""
    row = unfold(row, strict=True)
    check(PreferenceRow, row)
    prompt_key, chosen_key = first_key(row, _PROMPT), first_key(row, _CHOSEN)
    if chosen_key is None:
        raise RowError("no_messages", "no answer is chosen", pointer="/chosen")
    prompt = _messages(row[prompt_key], "user") if prompt_key else []
    chosen = _messages(row[chosen_key], "assistant")
    # Some chosen answers begin with the prompt.
    whole = chosen[0] != prompt[0] if chosen and prompt else True
    messages = [*prompt, *chosen] if whole else chosen
    own = {key: value for key, value in row.items() if key not in (*_PROMPT, *_CHOSEN)}
    name = "conversations" if messages and "from" in _first(messages) else "messages"
    try:
        return _read({**own, name: messages})
    except RowError as error:
        at = _place(error.pointer, len(prompt) if whole else 0, prompt_key, chosen_key)
        raise RowError(error.code, error.message, pointer=at) from None


def _messages(value: Any, role: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [value]
    turns = labelled_turns(value, _LABEL)
    if turns and all(turn.role for turn in turns) and turns[0].role == "Human":
        return [{"role": _LABELS[turn.role], "content": turn.text} for turn in turns]
    return [{"role": role, "content": value}]


def _first(messages: list[Any]) -> dict[str, Any]:
    return messages[0] if isinstance(messages[0], dict) else {}


def _read(row: dict[str, Any]) -> Conversation:
    fits = [(format_.detect(row), format_) for format_ in _READERS]
    best = max(fit for fit, _ in fits)
    if best is Fit.NO:
        return openai.read(row) if "messages" in row else sharegpt.read(row)
    return next(format_ for fit, format_ in fits if fit is best).read(row)


def _place(pointer: str, prompts: int, prompt_key: str | None, chosen_key: str) -> str:
    """The place in the row of one in the messages made of it."""
    parts = pointer.split("/")[1:]
    if not parts or parts[0] not in ("messages", "conversations"):
        return pointer
    index = int(parts[1]) if parts[1:] and parts[1].isdigit() else prompts
    if index >= prompts or prompt_key is None:
        return f"/{chosen_key}"
    return f"/{prompt_key}"


FORMAT = Format(
    name="preference",
    summary="prompt with chosen and rejected answers (DPO, ORPO), or a labelled completion (KTO)",
    row_model=PreferenceRow,
    detect=detect,
    read=read,
)
