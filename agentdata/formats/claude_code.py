"""Session logs of Claude Code: one event per line, a conversation per session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.claude_blocks import read_assistant, read_user
from agentdata.formats.common.talk import Talk
from agentdata.formats.common.values import check

RECORDS = "records"
SPEAKERS = ("user", "assistant")
SESSIONS = 16
"""So many sessions may lie side by side in one file."""
NOT_THE_MODEL = "synthetic_message"
"""Warning: a message in the model's place that the program wrote; it is not trained."""
_SYNTHETIC = "<synthetic>"


class Event(BaseModel):
    """One line of a log. Other keys and other types of events are allowed."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    type: str | None = None
    uuid: str | None = None
    sessionId: str | None = None
    isSidechain: bool | None = None
    message: Any = None


class ClaudeCodeRow(BaseModel):
    """The events of one conversation of a log."""

    records: list[Event] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by events of type user or assistant that wrap a message; other events are readable
    by the keys that all of them have."""
    records = row.get(RECORDS)
    if isinstance(records, list):
        found = [detect(record) for record in records if isinstance(record, dict)]
        return max(found, default=Fit.NO)
    kind = row.get("type")
    if not isinstance(kind, str):
        return Fit.NO
    if kind in SPEAKERS and "message" in row:
        message = row["message"]
        keys = ("uuid", "sessionId", "timestamp", "parentUuid")
        marked = isinstance(message, dict) and message.get("role") == kind
        return Fit.MARKED if marked and any(key in row for key in keys) else Fit.NO
    event = "sessionId" in row or ("leafUuid" in row and "summary" in row)
    return Fit.READABLE if event else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of the events in `records`. Raises RowError, for a line by itself too: it
    is in no conversation."""
    if RECORDS not in row:
        raise _fault(row)
    check(ClaudeCodeRow, row)
    records = row[RECORDS]
    talk = Talk()
    synthetic: list[int] = []
    before: Any = None
    for index, event in enumerate(records):
        if event.get("type") not in SPEAKERS:
            continue
        if not _is_whole(event):
            fault = _fault(event)
            fault.pointer = f"/{RECORDS}/{index}{fault.pointer}"
            raise fault
        message, at = event["message"], f"/{RECORDS}/{index}/message/content"
        if event["type"] == "user":
            read_user(message["content"], at, talk)
            continue
        made_up = message.get("model") == _SYNTHETIC or event.get("isApiErrorMessage") is True
        # Blocks of one message are events of their own, with its id.
        if made_up or before is None or message.get("id") != before:
            talk.close()
        read_assistant(message["content"], at, talk)
        before = message.get("id")
        if made_up:
            talk.close()
            synthetic.append(talk.length - 1)
            talk.warnings.append(NOT_THE_MODEL)
    _note(records, talk)
    conversation = talk.conversation(_id(records), where=f"/{RECORDS}")
    if not any(message.role == "assistant" for message in conversation.messages):
        raise RowError(
            "no_model_turn", "the session holds no turn of the model", pointer=f"/{RECORDS}"
        )
    messages = tuple(
        replace(message, loss=False) if index in synthetic else message
        for index, message in enumerate(conversation.messages)
    )
    return replace(conversation, messages=messages)


def _fault(event: dict[str, Any]) -> RowError:
    if not isinstance(event.get("type"), str):
        return RowError("unknown_event", "a line that is no event of a session", pointer="/type")
    return RowError(
        "broken_event", "an event without a message, or without its content", pointer="/message"
    )


def _id(records: list[dict[str, Any]]) -> str:
    """The session's id, with that of the helper of the model or of the first event where a
    session holds several conversations."""
    session = next((r["sessionId"] for r in records if isinstance(r.get("sessionId"), str)), "")
    spoken = next((r for r in records if r.get("type") in SPEAKERS), {})
    own = ""
    if spoken.get("isSidechain") is True:
        own = _text(spoken, "agentId") or _text(spoken, "uuid")
    elif spoken.get("isCompactSummary") is True:
        own = _text(spoken, "uuid")
    return f"{session}/{own}" if session and own else session


def _note(records: list[dict[str, Any]], talk: Talk) -> None:
    """Keep what the log says of the whole conversation."""
    for key in ("cwd", "gitBranch", "version"):
        value = next((r[key] for r in records if isinstance(r.get(key), str) and r[key]), None)
        if value is not None:
            talk.meta[key] = value
    summaries = [r["summary"] for r in records if isinstance(r.get("summary"), str)]
    if summaries:
        talk.meta["summaries"] = summaries
    models = (r["message"].get("model") for r in records if isinstance(r.get("message"), dict))
    known = dict.fromkeys(m for m in models if isinstance(m, str) and m != _SYNTHETIC)
    if known:
        talk.meta["models"] = list(known)


def gather(
    records: Iterable[tuple[int, dict[str, Any]]],
) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """One row for each conversation: a session, each of the model's helpers in it (`isSidechain`),
    and what follows where the history was compacted."""
    # Events without a session belong to the one around them.
    session: str | None = None
    held: dict[str | None, list[tuple[int, dict[str, Any]]]] = {}
    for number, record in records:
        if not _is_whole(record):
            yield [number], record
            continue
        own = record.get("sessionId")
        if isinstance(own, str) and own != session:
            if session is None and None in held:
                held = {own: held.pop(None)}
            session = own
        held.setdefault(session, []).append((number, record))
        if len(held) > SESSIONS:
            yield from _threads(held.pop(next(iter(held))))
    for events in held.values():
        yield from _threads(events)


def _is_whole(event: dict[str, Any]) -> bool:
    """Whether an event is one, with a message where somebody speaks."""
    kind, message = event.get("type"), event.get("message")
    if kind in SPEAKERS:
        return isinstance(message, dict) and isinstance(message.get("content"), str | list)
    return isinstance(kind, str)


def _threads(
    held: list[tuple[int, dict[str, Any]]],
) -> Iterator[tuple[list[int], dict[str, Any]]]:
    main: list[list[tuple[int, dict[str, Any]]]] = [[]]
    side: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    roots: dict[str, str] = {}
    for number, record in held:
        if record.get("isSidechain") is True:
            own, parent = _text(record, "uuid"), _text(record, "parentUuid")
            root = _text(record, "agentId") or roots.get(parent, own)
            roots[own] = root
            side.setdefault(root, []).append((number, record))
            continue
        if record.get("subtype") == "compact_boundary" and _speaks(main[-1]):
            main.append([])
        main[-1].append((number, record))
    found = [*main, *side.values()]
    spoken = [thread for thread in found if _speaks(thread)]
    for thread in found:
        if thread and not _speaks(thread) and spoken:
            # Notes without a word: they belong to what was said.
            spoken[0][:0] = thread
    for thread in spoken or [thread for thread in found if thread]:
        yield [number for number, _ in thread], {RECORDS: [record for _, record in thread]}


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""


def _speaks(thread: list[tuple[int, dict[str, Any]]]) -> bool:
    return any(record.get("type") in SPEAKERS for _, record in thread)


FORMAT = Format(
    name="claude_code",
    summary="Claude Code session logs: one event per line, a conversation per session",
    row_model=ClaudeCodeRow,
    detect=detect,
    read=read,
    gather=gather,
)
