"""Judges the frame before the model's words: what a server writes there, what the template adds.

A server's prompt ends where the model begins. So the frame after the words of the message before,
in the prompt that a server would make, is what the model never writes. That of sample
conversations is held against each turn; a turn that differs from all of them is compared with the
prompt that a server would make for it, which is rendered for this purpose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.templates.jinja.layout import Opening
from agentdata.templates.jinja.marks import Marks
from agentdata.templates.jinja.samples import BEFORE, CALLING, PLAIN, REASONING, TOOL
from agentdata.templates.jinja.spans import Part, Span
from agentdata.templates.jinja.turns import (
    MARK,
    common_prefix,
    find_turns,
    loose_prefix,
    outside_marks,
)

Options = Mapping[str, Any]
Rendered = tuple[str, Sequence[Span]]
Renderer = Callable[[Conversation, Options, bool], Rendered]
_KNOWN = 1024


class Openings:
    """The openings of one template. `thinking` names its variables that turn thinking on or off;
    `render(conversation, options, open_turn)` gives a text and its spans."""

    def __init__(self, render: Renderer, marks: Marks, thinking: Sequence[str]) -> None:
        self.render = render
        self.marks = marks
        self.thinking = tuple(thinking)
        self._frames: dict[tuple[str | None, bool, str], str | None] = {}
        self._kinds: dict[tuple[str | None, str], set[str]] = {}
        self._cores: dict[tuple[str | None, bool, str], str] = {}
        self._known: dict[tuple[str | None, bool, str, str, bool], Opening] = {}

    def of_turn(
        self, conversation: Conversation, options: Options, frame: str, message: int, thinks: bool
    ) -> Opening:
        """The opening of the turn of `message`, before whose words `frame` stands; `thinks` says
        that the turn has reasoning of its own. Raises RowError `template_turn_unknown`."""
        before = conversation.messages[message - 1].role if message else None
        tools = bool(conversation.tools)
        key = (before, tools, _key(options), frame, thinks)
        if key in self._known:
            return self._known[key]
        header = self._sampled_header(options, frame, before, tools)
        if header is not None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[key] = self._opening(options, frame, before, tools, thinks, header)
            return self._known[key]
        header = self._header(conversation, options, frame, message, before, tools)
        return self._opening(options, frame, before, tools, thinks, header)

    def _opening(
        self,
        options: Options,
        frame: str,
        before: str | None,
        tools: bool,
        thinks: bool,
        header: int,
    ) -> Opening:
        """The opening whose head, as far as it is known, is the first `header` characters."""
        # Some templates open no turn after a model's message or where there is none.
        header += self._known_head(frame[header:], tools, options) or 0
        injected = header
        if not thinks:
            for other in self._other_options(options):
                written = self._frame(before, tools, other)
                if written is not None and frame.startswith(written):
                    injected = max(injected, len(written))
            block = self.marks.empty_thinking(frame, header)
            if frame[injected:block].strip():
                injected = block
        return Opening(header, injected)

    def _sampled_header(
        self, options: Options, frame: str, before: str | None, tools: bool
    ) -> int | None:
        """How much of the frame a server writes by the samples; None if they do not tell."""
        expected = self._frame(before, tools, options)
        if expected is None:
            return None
        if frame.startswith(expected):
            return len(expected)
        # An earlier turn: the head is the same, the think block that servers open is not.
        shared = outside_marks(common_prefix(frame, expected), frame, expected)
        return shared if self._is_whole_head(frame, shared, before, tools, options) else None

    def _header(
        self,
        conversation: Conversation,
        options: Options,
        frame: str,
        message: int,
        before: str | None,
        tools: bool,
    ) -> int:
        expected = self._frame(before, tools, options)
        core = self._core(before, tools, options)
        prefix = replace(conversation, messages=conversation.messages[:message])
        try:
            exact: str | None = _aligned(self._server_frame(prefix, options), {frame})
        except RowError:
            exact = None
        if exact is not None:
            shared = outside_marks(common_prefix(frame, exact), frame, exact)
            if shared == len(exact) or self._is_whole_head(frame, shared, before, tools, options):
                return shared
        unsure = exact is None or not message
        if unsure and (known := self._known_head(frame, tools, options)) is not None:
            return known
        if exact is None and self._sample_frames(None, options) == {""}:
            return len(frame)  # the template writes no heads
        loose, whole = loose_prefix(frame, exact or expected or frame + "?")
        if whole:
            return loose
        if core and core in frame:
            return frame.rfind(core) + len(core)
        if exact is None and not frame.strip():
            return len(frame)
        raise RowError(
            "template_turn_unknown",
            f"where the model's turn (message {message}) begins in the chat template's text cannot "
            f"be told: a server would write {(exact or '')[-40:]!r}, the template {frame[-40:]!r}",
            pointer=f"/messages/{message}",
            remedy="choose another --template",
        )

    def _is_whole_head(
        self, frame: str, shared: int, before: str | None, tools: bool, options: Options
    ) -> bool:
        """Whether what a frame shares with the server's is the whole head of the turn.

        It is if nothing is left but white space or marks of thinking, or if what is left depends
        on what the model says: frames of sample turns of several kinds go apart there.
        """
        if not frame[self.marks.empty_thinking(frame, shared) :].strip():
            return True
        core = self._core(before, tools, options)
        if core and core in frame[:shared]:
            return True
        after_such = self._sample_frames(before, options)
        frames = after_such if len(after_such) > 1 else self._sample_frames(None, options)
        for other in frames:
            # In that sample turn the model's words begin right here, or after marks of thinking.
            rest = other[self.marks.empty_thinking(other, shared) :]
            if other.startswith(frame[:shared]) and frame.startswith(other) and not rest.strip():
                return True
        head = _common_head(frames) if len(frames) > 1 else ""
        place = frame.find(head) if head else -1
        if place < 0:
            return False
        end = place + len(head)
        return end <= shared or not frame[self.marks.empty_thinking(frame, shared) : end].strip()

    def _known_head(self, frame: str, tools: bool, options: Options) -> int | None:
        """Where the head ends that all sample turns have, with what servers add to it after a user;
        None if it is not in the frame. For turns before which the template opens none."""
        asked = self._frame("user", tools, options)
        frames = self._sample_frames(None, options)
        if asked is None:
            return None
        core = self._core("user", tools, options)
        for head in (_common_head({asked, *frames}), core, core.strip()):
            place = frame.rfind(head) if head else -1
            if place >= 0:
                found, written = frame[place:], asked[max(asked.find(head), 0) :]
                return place + outside_marks(common_prefix(found, written), found, written)
        return None

    def _sample_frames(self, before: str | None, options: Options) -> set[str]:
        """The frames before the model's words in sample turns of all kinds after a message of that
        role, or after any."""
        key = (before, _key(options))
        if key not in self._kinds:
            frames: set[str] = set()
            for conversation in (*PLAIN, *CALLING, *REASONING):
                try:
                    text, spans = self.render(conversation, options, False)
                except RowError:
                    continue
                roles = [message.role for message in conversation.messages]
                for turn in find_turns(text, spans, roles, self.marks.stops):
                    follows = before is None or roles[turn.message - 1] == before
                    if follows and not turn.empty:
                        frames.add(text[turn.before : turn.start])
            self._kinds[key] = frames
        return self._kinds[key]

    def _other_options(self, options: Options) -> Iterator[Options]:
        for name in self.thinking:
            for value in (True, False):
                yield {**options, name: value}

    def _frame(self, before: str | None, tools: bool, options: Options) -> str | None:
        """The frame that a server writes after a sample message of that role; None if the template
        takes no such conversation."""
        key = (before, tools, _key(options))
        if key not in self._frames:
            try:
                written = self._server_frame(_sample(before, tools), options)
                self._frames[key] = _aligned(written, self._sample_frames(None, options))
            except RowError:
                self._frames[key] = None
        return self._frames[key]

    def _core(self, before: str | None, tools: bool, options: Options) -> str:
        """What `add_generation_prompt` adds, however thinking is set: the head of a turn."""
        key = (before, tools, _key(options))
        if key not in self._cores:
            cores: list[str] = []
            for chosen in (options, *self._other_options(options)):
                added = self._added(_sample(before, tools), chosen)
                if added is not None:
                    cores.append(added)
            self._cores[key] = _common_head(set(cores)) if cores else ""
        return self._cores[key]

    def _added(self, prefix: Conversation, options: Options) -> str | None:
        try:
            closed, _ = self.render(prefix, options, False)
            opened, _ = self.render(prefix, options, True)
        except RowError:
            return None
        return opened[len(closed) :] if opened.startswith(closed) else None

    def _server_frame(self, prefix: Conversation, options: Options) -> str:
        text, spans = self.render(prefix, options, True)
        # Where the turn is opened, in whatever turn of its loop the template does so.
        closed, _ = self.render(prefix, options, False)
        opened = outside_marks(common_prefix(text, closed), text)
        end = 0
        for span in spans:
            if span.part is not Part.FRAME:
                end = span.end
            elif span.turn is not None and span.start < opened:
                end = max(end, min(span.end, opened))
        frame = text[end:]
        if prefix.messages and prefix.messages[-1].role == "assistant":
            stop = self.marks.stop_in(frame)
            frame = frame[stop[1] :] if stop else frame
        return frame


def _key(options: Options) -> str:
    return json.dumps(options, sort_keys=True, default=str) if options else ""


def _common_head(frames: set[str]) -> str:
    """What all frames begin with, up to a mark that not all have."""
    head = min(frames, key=len)
    for other in frames:
        head = head[: outside_marks(common_prefix(head, other), head, other)]
    return head


def _aligned(written: str, frames: set[str]) -> str:
    """What a server writes, without marks that close the turn before: some templates write those
    with the head of the next turn when they open it, and earlier when they do not."""
    starts = [match.start() for match in MARK.finditer(written)]
    shared = [outside_marks(common_prefix(frame, written), frame, written) for frame in frames]
    if not starts or any(length > starts[0] for length in shared):
        return written
    for start in starts[1:]:
        if any(frame.startswith(written[start:]) for frame in frames):
            return written[start:]
    return written


def _sample(before: str | None, tools: bool) -> Conversation:
    return Conversation("sample", BEFORE[before], (TOOL,) if tools or before == "tool" else ())
