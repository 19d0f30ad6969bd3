"""One reader for all formats that are a list of messages; what sets them apart is a `Dialect`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_call, read_calls_text
from agentdata.formats.common.carried import read_carried
from agentdata.formats.common.content import Content, read_content, read_result
from agentdata.formats.common.media import MediaList
from agentdata.formats.common.objects import fill_objects
from agentdata.formats.common.think import split_think
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import first_key, first_value, json_or_none, row_id

_SEPARATOR = re.compile(r"[\s_-]+")


class Act(StrEnum):
    """What a message of some role does."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    """Text, reasoning and calls of the model."""
    CALL = "call"
    """Nothing but calls of the model; neighbours are one parallel turn."""
    TOOL = "tool"
    SKIP = "skip"
    """No part of the talk."""


TWO_SYSTEMS = "row_system_passed_over"
"""Warning: a row has a system text of its own and a system message; the message counts."""

REJECTED_PASSED_OVER = "rejected_answer_passed_over"
"""Warning: a row has an answer that is worse than the one in its messages; it is not read."""
NOT_WANTED = "unwanted_answer_not_trained"
"""Warning: a row says that its answer is a bad one (KTO); nothing of it is trained."""
_REJECTED = ("rejected_response", "rejected_messages", "rejected")
_WANTED = ("label", "kto_tag")
_PREFERENCES = frozenset((*_REJECTED, *_WANTED))

RESULT_ID_KEYS = ("tool_call_id", "tool_use_id", "call_id", "id")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words a format uses. Where several keys are given, the first that holds something
    counts. `roles` says what each role does; a role that is not in it is an error. `loss` maps
    keys of messages to the value that means "train"; one with a dot stands inside another."""

    roles: Mapping[str, Act]
    messages: tuple[str, ...] = ("messages",)
    role: tuple[str, ...] = ("role",)
    content: tuple[str, ...] = ("content",)
    tools: tuple[str, ...] = ("tools", "functions")
    system: tuple[str, ...] = ("system",)
    reasoning: tuple[str, ...] = ("reasoning_content", "reasoning", "thinking")
    loss: Mapping[str, bool] = field(
        default_factory=lambda: {"loss": True, "weight": True, "metadata.masked": False}
    )
    loss_scale: tuple[str, ...] = ("loss_scale", "loss_weight")
    meta: tuple[str, ...] = ("chat_template_kwargs", "channel", "answer_without_tool")
    weighing: frozenset[str] = field(init=False)
    """The keys of messages without which a message has no weight of its own."""

    def __post_init__(self) -> None:
        paths = (*self.loss, *self.loss_scale)
        object.__setattr__(self, "weighing", frozenset(path.partition(".")[0] for path in paths))

    def known(self, role: Any) -> str | None:
        """The role by its name in `roles`, None where there is no such role; `Function Call`,
        `function-call` and `function_call` are one."""
        if not isinstance(role, str):
            return None
        if role in self.roles:
            return role
        name = _SEPARATOR.sub("_", role.strip().lower())
        return name if name in self.roles else None

    def act(self, role: Any) -> Act | None:
        """What a message of this role does, None where there is no such role."""
        act = self.roles.get(role) if isinstance(role, str) else None
        if act is None and (name := self.known(role)) is not None:
            return self.roles[name]
        return act


def messages_key(row: Mapping[str, Any], dialect: Dialect) -> str | None:
    """The key of the list of messages, None where the row has none."""
    return next((key for key in dialect.messages if isinstance(row.get(key), list)), None)


def roles_of(row: Mapping[str, Any], dialect: Dialect) -> list[str] | None:
    """The roles of a row, as the dialect names them; None where it is no row of the dialect."""
    key = messages_key(row, dialect)
    if key is None or not row[key]:
        return None
    roles = []
    for message in row[key]:
        role = first_value(message, dialect.role) if isinstance(message, dict) else None
        known = dialect.known(role)
        if known is None:
            return None
        roles.append(known)
    return roles


def model_writes(row: Mapping[str, Any], dialect: Dialect, test: Callable[[Any], bool]) -> bool:
    """Whether a content of the model passes the test, in a row that is one of this dialect."""
    roles, key = roles_of(row, dialect), messages_key(row, dialect)
    return roles is not None and any(
        dialect.roles[role] is Act.ASSISTANT and test(first_value(message, dialect.content))
        for role, message in zip(roles, row[key or ""], strict=True)
    )


def message_session(record: Mapping[str, Any]) -> str | None:
    """`session` of formats whose files may hold a message per record: such a file is one
    conversation."""
    return "file" if "role" in record else None


def read_chat(row: dict[str, Any], dialect: Dialect) -> Conversation:
    """The conversation of a row whose types were checked.

    Raises RowError: `no_messages`, `unknown_role`, `calls_outside_assistant`, `bad_loss`, and
    those of contents, calls, tools, media and objects.
    """
    key = messages_key(row, dialect)
    if key is None or not row[key]:
        where = key or dialect.messages[0]
        raise RowError("no_messages", "the row has no messages", pointer=f"/{where}")
    warnings: list[str] = []
    return _Reader(fill_objects(row, key, warnings), dialect, key, warnings).conversation()


class _Reader:
    def __init__(
        self, row: dict[str, Any], dialect: Dialect, key: str, warnings: list[str]
    ) -> None:
        self.row, self.dialect, self.key = row, dialect, key
        self.media = MediaList(row)
        self.warnings = warnings
        self.messages: list[Message] = []

    def conversation(self) -> Conversation:
        row, dialect = self.row, self.dialect
        tools = _tools(row, dialect)
        previous = None
        for index, raw in enumerate(row[self.key]):
            pointer = f"/{self.key}/{index}"
            act = self._act(raw, pointer)
            if act is Act.SKIP:
                continue
            if act is Act.CALL and previous is Act.CALL:
                self._join_calls(raw, pointer)
            else:
                self._read(raw, act, pointer)
            previous = act
        self._add_system()
        if not self.messages:
            raise RowError("no_messages", "the row has no messages", pointer=f"/{self.key}")
        self._heed_preferences()
        own = read_carried(row)
        return Conversation(
            id=row_id(row),
            messages=tuple(self.messages),
            tools=tools,
            media=tuple(self.media.items),
            native=own.native,
            warnings=tuple(self.warnings),
            meta={key: row[key] for key in dialect.meta if row.get(key) is not None} | own.meta,
        )

    def _act(self, raw: dict[str, Any], pointer: str) -> Act:
        key = first_key(raw, self.dialect.role)
        role = raw[key] if key else None
        act = self.dialect.act(role)
        if act is None:
            known = ", ".join(self.dialect.roles)
            raise RowError(
                "unknown_role",
                f"the role {role!r} is none of: {known}",
                pointer=f"{pointer}/{key or self.dialect.role[0]}",
            )
        return act

    def _read(self, raw: dict[str, Any], act: Act, pointer: str) -> None:
        key = first_key(raw, self.dialect.content) or self.dialect.content[0]
        value, at = raw.get(key), f"{pointer}/{key}"
        loss, scale = None, None
        if not self.dialect.weighing.isdisjoint(raw):
            loss, scale = self._loss(raw, pointer), self._loss_scale(raw, pointer)
        if act is Act.CALL:
            reasoning = self._reasoning(raw)
            if reasoning is None and isinstance(value, str):
                reasoning, value = split_think(value)
            calls = read_calls_text(value, at, self.warnings)
            message = Message("assistant", "", reasoning, calls)
        elif act is Act.TOOL:
            call_id = first_value(raw, RESULT_ID_KEYS)
            if isinstance(value, list) and _is_outputs(value):
                *before, value = (item["output"] for item in value)
                self.messages.extend(Message("tool", output, name=_name(raw)) for output in before)
            message = Message(
                "tool",
                read_result(value, at, self.media, self.warnings),
                tool_call_id=str(call_id) if isinstance(call_id, str | int) else None,
                name=_name(raw),
            )
        else:
            content = read_content(value, at, self.media, self.warnings)
            calls = (*content.calls, *self._calls(raw, pointer))
            if act is Act.ASSISTANT:
                message = self._assistant(raw, content, calls)
            else:
                if calls:
                    raise RowError(
                        "calls_outside_assistant", f"a {act} message makes calls", pointer=pointer
                    )
                self.messages.extend(content.results)
                if content.results and not content.body:
                    return
                message = Message(
                    "system" if act is Act.SYSTEM else "user", content.body, name=_name(raw)
                )
        if loss is not None or scale is not None:
            message = replace(message, loss=loss, loss_scale=scale)
        self.messages.append(message)

    def _assistant(
        self, raw: dict[str, Any], content: Content, calls: tuple[ToolCall, ...]
    ) -> Message:
        body, reasoning = content.body, content.reasoning or self._reasoning(raw)
        if reasoning is None and isinstance(body, str):
            reasoning, body = split_think(body)
        return Message("assistant", body, reasoning, calls, name=_name(raw))

    def _join_calls(self, raw: dict[str, Any], pointer: str) -> None:
        key = first_key(raw, self.dialect.content) or self.dialect.content[0]
        calls = read_calls_text(raw.get(key), f"{pointer}/{key}", self.warnings)
        last = self.messages[-1]
        loss, scale = last.loss, last.loss_scale
        self.messages[-1] = replace(
            last,
            tool_calls=last.tool_calls + calls,
            loss=self._loss(raw, pointer) if loss is None else loss,
            loss_scale=self._loss_scale(raw, pointer) if scale is None else scale,
        )

    def _calls(self, raw: dict[str, Any], pointer: str) -> list[ToolCall]:
        calls, legacy = raw.get("tool_calls") or [], raw.get("function_call")
        if not calls and not legacy:
            return []
        if isinstance(calls, dict):
            calls = [calls]
        read = [
            read_call(call, f"{pointer}/tool_calls/{index}", self.warnings)
            for index, call in enumerate(calls)
        ]
        if legacy:
            read.extend(read_calls_text(legacy, f"{pointer}/function_call", self.warnings))
        return read

    def _reasoning(self, raw: dict[str, Any]) -> str | None:
        # An empty text under such a key means that there was none.
        for key in self.dialect.reasoning:
            value = raw.get(key)
            if isinstance(value, str) and value:
                return value
        return None

    def _loss(self, raw: dict[str, Any], pointer: str) -> bool | None:
        for key, train in self.dialect.loss.items():
            value = _inside(raw, key)
            if value is not None:
                if value not in (0, 1):
                    raise RowError(
                        "bad_loss",
                        f"`{key}` must be true or false",
                        pointer=f"{pointer}/{key.replace('.', '/')}",
                    )
                return bool(value) == train
        return None

    def _loss_scale(self, raw: dict[str, Any], pointer: str) -> float | None:
        key = first_key(raw, self.dialect.loss_scale)
        if key is None:
            return None
        value = raw[key]
        if not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise RowError(
                "bad_loss", f"`{key}` must be a number from 0 up", pointer=f"{pointer}/{key}"
            )
        return float(value)

    def _heed_preferences(self) -> None:
        if _PREFERENCES.isdisjoint(self.row):
            return
        if first_key(self.row, _REJECTED):
            self.warnings.append(REJECTED_PASSED_OVER)
        if any(self.row.get(key) is False for key in _WANTED):
            self.warnings.append(NOT_WANTED)
            self.messages = [
                replace(message, loss=False) if message.role == "assistant" else message
                for message in self.messages
            ]

    def _add_system(self) -> None:
        system = first_value(self.row, self.dialect.system)
        if not isinstance(system, str) or not system:
            return
        if self.messages and self.messages[0].role == "system":
            if self.messages[0].content != system:
                self.warnings.append(TWO_SYSTEMS)
            return
        self.messages.insert(0, Message("system", system))


def _tools(row: Mapping[str, Any], dialect: Dialect) -> tuple[ToolSpec, ...]:
    """The tools of a row; Nemotron has them in its metadata."""
    key = first_key(row, dialect.tools)
    if key:
        return read_tools(row[key], f"/{key}")
    metadata = row.get("metadata")
    if isinstance(metadata, str):
        metadata = json_or_none(metadata)
    if isinstance(metadata, dict) and isinstance(metadata.get("tools"), list):
        return read_tools(metadata["tools"], "/metadata/tools")
    return ()


def _is_outputs(value: list[Any]) -> bool:
    """Whether an answer holds the outputs of parallel calls, as GLM-4.5 writes them."""
    return bool(value) and all(
        isinstance(item, dict) and item.keys() == {"output"} and isinstance(item["output"], str)
        for item in value
    )


def _inside(raw: dict[str, Any], path: str) -> Any:
    head, _, rest = path.partition(".")
    value = raw.get(head)
    if not rest or value is None:
        return value
    return _inside(value, rest) if isinstance(value, dict) else None


def _name(raw: dict[str, Any]) -> str | None:
    name = raw.get("name")
    return name if isinstance(name, str) else None
