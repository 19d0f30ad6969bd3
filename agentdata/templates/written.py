"""What the model writes in its turns: thinking, words, calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agentdata.conversation import Conversation, Message
from agentdata.templates.agent_templates.base import IN_MODEL, AgentTemplate
from agentdata.templates.blocks import Block
from agentdata.templates.chat_formats.base import (
    AFTER_USER,
    DROPPED,
    KEPT,
    LAST,
    UNTIL_TOOLS,
    ChatFormat,
)
from agentdata.templates.prompt import CONTENT, REASONING, TOOL_CALL, Mark, Segment, parts

THINK_OPEN = "<think>"
THINK_CLOSE = "</think>"


def _last_piece(out: list[Segment]) -> list[Segment]:
    """What the model wrote for its last message, calls apart from what it said."""
    begin = len(out)
    for segment in reversed(out):
        same = segment.message == out[-1].message and segment.trainable
        if not same or (segment.kind is TOOL_CALL) is not (out[-1].kind is TOOL_CALL):
            break
        begin -= 1
    return out[begin:]


class ModelTurns:
    """The model's turns of one conversation, without what opens and ends them."""

    def __init__(
        self,
        conversation: Conversation,
        marks: ChatFormat,
        agent: AgentTemplate,
        blocks: Sequence[Block],
        keep_thinking: bool,
    ) -> None:
        self.conversation, self.marks, self.agent = conversation, marks, agent
        self.blocks = blocks
        self.ends_calls = bool(marks.call_end) and agent.results_in.is_tools_turn
        """Whether calls end with a mark of their own."""
        self.thinking_from = self._thinking_from(keep_thinking)
        self.last_one = -1
        """The index of the last block that is one message, or one row of calls, where that
        counts."""
        if marks.empty_think_in is LAST:
            ones = (i for i in range(len(blocks) - 1, -1, -1) if len(self.pieces(i)) == 1)
            self.last_one = next(ones, -1)

    def _thinking_from(self, keep_thinking: bool) -> int:
        """The index of the block from which on thinking stays."""
        earlier = self.marks.earlier_thinking
        kept = earlier is KEPT or (keep_thinking and earlier is not DROPPED)
        if kept or (self.marks.keeps_thinking_with_tools and self.conversation.tools):
            return 0
        roles = [block.role for block in self.blocks]
        if earlier is UNTIL_TOOLS:
            last = len(roles) - 1
            # Results that answer no call are part of the user's turn.
            answered = ("assistant", "tool")
            return next((i for i, pair in enumerate(pairwise(roles)) if pair == answered), last)
        asked = [index for index, role in enumerate(roles) if role in ("user", "tool")]
        return asked[-1] if asked else 0

    def turn(self, index: int) -> tuple[list[Segment], bool]:
        """What the model writes in the block of that index, and whether results follow inside its
        turn: the template says so, or the whole turn is one message in which the model wrote its
        call in ReAct words."""
        block = self.blocks[index]
        out: list[Segment] = []
        for number, message in block.messages:
            self._add_said(out, number, message)
            if message.tool_calls:
                self._add_calls(out, number, message)
        inline = index + 1 < len(self.blocks) and self.blocks[index + 1].role == "tool"
        if inline and self.agent.results_in is not IN_MODEL:
            is_word = self.agent.keywords.are_in(_text(_last_piece(out)))
            inline = is_word and len(self.pieces(index)) == 1
        if inline:
            self._open_observation(out)
        return self._with_thinking(out, index), inline

    def _open_observation(self, out: list[Segment]) -> None:
        """Make the model's text end with the word at which generation stops for the result."""
        text, word = _text(_last_piece(out)), self.agent.keywords.observation
        if self.agent.keywords.are_in(text) and not text.endswith(word):
            addition = word if text.endswith("\n") else "\n" + word
            out[-1] = replace(out[-1], text=out[-1].text + addition)

    def _with_thinking(self, out: list[Segment], index: int) -> list[Segment]:
        """A turn with the thinking that its place in the conversation gives it, or takes."""
        block = self.blocks[index]
        first = block.messages[0][0]
        if index < self.thinking_from:
            return self._without_thinking(out, index)
        if self._wants_thinking(index) and not self._thinks(out, first):
            said = block.messages[0][1].text
            empty = self._no_thinking(self.marks.empty_think, index, said)
            out.insert(0, Segment(empty, REASONING, first, trainable=True, control=True))
        return out

    def _no_thinking(self, think: str, index: int, said: str) -> str:
        """`think`, which stands where thinking is not, as it is written before what was `said`."""
        bare = self.marks.think_before_calls
        if bare is None or said or not self.ends_calls:
            return think
        return bare if self.pieces(index)[:2] == ["said", "calls"] else think

    def _wants_thinking(self, index: int) -> bool:
        marks = self.marks
        where = marks.empty_think_in
        if where is AFTER_USER:
            before = self.blocks[index - 1]
            # Results that answer no call are part of the user's turn.
            unasked = before.role == "tool" and index > 1 and self.blocks[index - 2].role == "user"
            return unasked or (before.role == "user" and bool(before.messages))
        if where is LAST:
            return index == self.last_one
        return bool(marks.empty_think)

    def _thinks(self, out: Sequence[Segment], first: int) -> bool:
        """Whether what the model wrote in a turn, `first` its first message, has thinking."""
        if self.marks.think_anywhere:
            return self.marks.think_open in _text(out) or THINK_CLOSE in _text(out)
        begin = _text([segment for segment in out if segment.message == first])
        return begin.startswith((self.marks.think_open, self.marks.empty_think))

    def pieces(self, index: int) -> list[str]:
        """The texts that make up a turn of the model, calls apart from what it said."""
        out: list[str] = []
        for _, message in self.blocks[index].messages:
            if message.role != "assistant":
                continue
            if message.reasoning is not None or message.text or not message.tool_calls:
                out.append("said")
            if message.tool_calls:
                out.append("calls")
        return out

    def begins_with_calls(self, index: int) -> bool:
        """Whether a turn begins with calls that a mark of their own ends."""
        return self.ends_calls and self.pieces(index)[:1] == ["calls"]

    def hands_over(self, block: Block) -> bool:
        """Whether the model's turn ends with calls, and these with a mark of their own."""
        return self.ends_calls and bool(block.messages[-1][1].tool_calls)

    def _add_said(self, out: list[Segment], number: int, message: Message) -> None:
        """Add reasoning and content of this message to its turn so far."""
        if message.tool_calls and message.reasoning is None and not message.text:
            return
        reasoning = ""
        if message.reasoning is not None:
            reasoning = f"{THINK_OPEN}\n{message.reasoning}\n{THINK_CLOSE}\n\n"
            if self.agent.thought and self.conversation.meta.get("thought"):
                answer = "" if message.tool_calls else self.agent.answer
                reasoning = f"{self.agent.thought} {message.reasoning}\n{answer}"
        pieces = (REASONING, reasoning), (CONTENT, message.text)
        for kind, text in self.marks.said(reasoning + message.text) if self.marks.said else pieces:
            if text:
                out.append(Segment(text, kind, number, True, isinstance(text, Mark)))

    def _add_calls(self, out: list[Segment], number: int, message: Message) -> None:
        """Add the calls of this message to its turn so far."""
        said: list[Segment] = []
        if out and out[-1].kind is not TOOL_CALL:
            said = _last_piece(out)
        text = _text(said)
        kept, separator = self.agent.lead_in(text if said else None)
        if kept != text:
            out[len(out) - len(said) :] = _cut(said, text.index(kept), len(kept))
        calls = [separator, *parts(self.agent.format_calls(message.tool_calls))]
        if self.ends_calls:
            calls.append(Mark(self.marks.call_end))
        out += [
            Segment(text, TOOL_CALL, number, True, isinstance(text, Mark)) for text in calls if text
        ]

    def _without_thinking(self, out: list[Segment], index: int) -> list[Segment]:
        """An earlier round as a server replays it: no thinking, white space stripped."""
        first = self.blocks[index].messages[0][0]
        said = [s for s in out if s.message == first and s.kind is not TOOL_CALL]
        text = self.marks.without_thinking(_text(said))
        think = self._no_thinking(self.marks.history_think, index, text)
        history = Segment(think, REASONING, first, True, control=True)
        kept = [history] if history.text else []
        kept += [Segment(text, CONTENT, first, trainable=True)] if text else []
        return kept + out[len(said) :]


def _text(segments: Sequence[Segment]) -> str:
    if len(segments) == 1:
        return segments[0].text
    return "".join([segment.text for segment in segments])


def _cut(segments: Sequence[Segment], start: int, length: int) -> list[Segment]:
    """The `length` characters from `start` on."""
    out: list[Segment] = []
    position = 0
    for segment in segments:
        begin, end = max(0, start - position), max(0, start + length - position)
        text = segment.text[begin:end]
        if text:
            out.append(replace(segment, text=text))
        position += len(segment.text)
    return out
