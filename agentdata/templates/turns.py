"""The turns of one conversation as segments: whose turn it is, what opens it and what ends it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from agentdata.conversation import Conversation
from agentdata.templates.agent_templates.base import (
    IN_MODEL,
    IN_TOOL_EACH,
    IN_USER,
    AgentTemplate,
    Result,
)
from agentdata.templates.blocks import Block, blocks_of, names_by_id, results_of
from agentdata.templates.chat_formats.base import ChatFormat, SystemTurn
from agentdata.templates.prompt import (
    BOS,
    END_OF_TURN,
    HEADER,
    SYSTEM,
    TOOL_RESULT,
    TOOLS,
    USER,
    Mark,
    Piece,
    Segment,
    parts,
)
from agentdata.templates.written import ModelTurns


@lru_cache(1024)
def header(text: str) -> Segment:
    """A mark of a turn."""
    return Segment(text, HEADER, None, False, True)


@lru_cache(1024)
def stop(text: str) -> Segment:
    """What ends the model's turn."""
    return Segment(text, END_OF_TURN, None, True, True)


_ASKED = (USER, TOOL_RESULT)


_Stand = tuple[int, str, bool, str]
"""How far a rendering was before a block: how many segments stood, and the state then, as
`Renderer` has it: `ahead`, `inline`, `tools_first`."""


class Renderer:
    """One conversation on its way to segments."""

    def __init__(
        self,
        conversation: Conversation,
        marks: ChatFormat,
        agent: AgentTemplate,
        keep_thinking: bool,
    ) -> None:
        self.conversation, self.marks, self.agent = conversation, marks, agent
        self.system, self.blocks = blocks_of(conversation, agent)
        self.model = ModelTurns(conversation, marks, agent, self.blocks, keep_thinking)
        self.names = names_by_id(conversation)
        self.tools_first = ""
        if conversation.tools and agent.tools_in_user is not None:
            self.tools_first = agent.tools_in_user(conversation.tools)
        self.out: list[Segment] = []
        self.ahead = ""
        """The beginning of the next turn's mark, which the model has written as its stop."""
        self.inline = False
        """Whether results follow inside the model's turn."""
        self.stands: list[_Stand] = []

    def segments(self, bos: str, other: Renderer | None = None) -> list[Segment]:
        """All segments that have text, and the empty ones of users and tools: they tell where the
        last round begins. `bos` is the tokenizer's beginning token or "". `other` is a rendering of
        another beginning of the same conversation, in which results have the same names: what the
        two share is taken from there."""
        done = self._shared(other) if other is not None else 0
        if other is not None and done > 0:
            length, self.ahead, self.inline, self.tools_first = other.stands[done]
            self.out, self.stands = other.out[:length], other.stands[:done]
        else:
            done = 0
            self.out = [Segment(text, BOS, control=True) for text in (bos, self.marks.begin)]
            self._system()
        for index in range(done, len(self.blocks)):
            self.stands.append((len(self.out), self.ahead, self.inline, self.tools_first))
            self._block(index)
        return [segment for segment in self.out if segment.text or segment.kind in _ASKED]

    def _shared(self, other: Renderer) -> int:
        """How many first blocks another beginning of the conversation has and writes as this one.

        A block is written by itself, by those before it, the one behind it, which a beginning may
        cut short if it is its last, and by its place among the model's turns.
        """
        ends = [len(self.blocks) - 2, len(other.blocks) - 2]
        if self.model.thinking_from != other.model.thinking_from:
            ends += [self.model.thinking_from, other.model.thinking_from]
        if self.model.last_one != other.model.last_one:
            ends += [self.model.last_one, other.model.last_one]
        return min(ends)

    def _block(self, index: int) -> None:
        block = self.blocks[index]
        following = self.blocks[index + 1] if index + 1 < len(self.blocks) else None
        if block.role == "assistant":
            said, self.inline = self.model.turn(index)
            self.out += said
            if not self.inline:
                self._end_turn(block, following)
            return
        if block.role == "tool":
            self._results(index, following)
        elif block.role == "system":
            for number, message in block.messages:
                self._open(self.marks.system[0])
                self.out.append(Segment(self._given(message.text), SYSTEM, number))
                self.out.append(header(self.marks.system[1]))
        else:
            self._user(block, following)
        if not (self.inline and block.role == "tool"):
            self._open_model(index, following)
        elif following is None:
            self._generate()

    def _given(self, text: str) -> str:
        return text.strip() if self.marks.trims else text

    def _open(self, mark: str) -> None:
        self.out.append(header(mark.removeprefix(self.ahead) if self.ahead else mark))
        self.ahead = ""

    def _system(self) -> None:
        marks, tools = self.marks, self.conversation.tools
        number, given = (None, None) if self.system is None else (0, self.system.text)
        text = marks.default_system if given is None else self._given(given)
        pieces: Sequence[Piece] = ((SYSTEM, text or ""),)
        if tools:
            pieces = self.agent.format_tools(tools, text)
        if marks.system_turn is not None:
            pieces = marks.system_turn(SystemTurn(tuple(pieces), text, bool(tools)))
        pieces = [piece for piece in pieces if piece[1]]
        if not pieces:
            self.out.append(header(marks.no_system))
            return
        self.out.append(header(marks.system[0]))
        for kind, piece in pieces:
            control = isinstance(piece, Mark)
            owner = number if kind is SYSTEM and not control else None
            self.out.append(Segment(piece, kind, owner, False, control))
        self.out.append(header(marks.system[1]))

    def _user(self, block: Block, following: Block | None) -> None:
        self._open(self.marks.user[0])
        if self.tools_first:
            self.out.append(Segment(self.tools_first, TOOLS))
            self.tools_first = ""
        for number, message in block.messages:
            self.out.append(Segment(self._given(message.text), USER, number))
        ends = self.marks.user[1]
        if following and following.role == "tool":
            place = self.agent.results_in
            if place is IN_MODEL:
                self._results_of_user(following)
            elif place is IN_USER:
                # A second turn of the user follows: something must part the two.
                ends = ends or self.marks.turn_separator
        self.out.append(header(ends))

    def _results_of_user(self, block: Block) -> None:
        """Results that answer no call, where only a turn of the model could hold them."""
        if self.agent.format_results is not None:
            self._formatted(results_of(block, None, self.names, self._given), block)
            return
        for number, message in block.messages:
            text = f"\n{self.agent.keywords.observation}\n{self._given(message.text)}"
            self.out.append(Segment(text, TOOL_RESULT, number))

    def _end_turn(self, block: Block, following: Block | None) -> None:
        """What ends the model's turn: a stop token, or the next turn's mark where that is it."""
        marks = self.marks
        if self.model.hands_over(block):
            if following is not None and following.role == "tool":
                self.ahead = marks.call_end
            return
        if following is None:
            ends = marks.end_of_turn
        elif marks.turn_separator:
            ends = marks.turn_separator
        elif self._opening(following).startswith(marks.end_of_turn):
            ends = self.ahead = marks.end_of_turn
        else:
            # Results of a reply without calls: their mark is the end that calls would have had.
            ends = ""
            self.ahead = marks.call_end if following.role == "tool" else ""
        self.out.append(stop(ends))

    def _opening(self, block: Block) -> str:
        if block.role == "tool":
            return self._result_marks()[0]
        return self.marks.system[0] if block.role == "system" else self.marks.user[0]

    def _open_model(self, index: int, following: Block | None) -> None:
        marks = self.marks
        if following is not None and following.role != "assistant":
            return
        special = None
        if self.blocks[index].role == "tool" and self.agent.results_in.is_tools_turn:
            special = marks.assistant_after_tool
        if special is None and following is None:
            special = marks.assistant_last
        elif special is None and self.model.begins_with_calls(index + 1):
            special = marks.assistant_before_calls
        self.out.append(header(marks.assistant if special is None else special))
        if following is None:
            self._generate()

    def _generate(self) -> None:
        """What a server writes where the model is to go on."""
        marks = self.marks
        self.out.append(header(marks.empty_think if marks.generation is None else marks.generation))

    def _results(self, index: int, following: Block | None) -> None:
        block, before = self.blocks[index], self.blocks[index - 1] if index else None
        if not self.inline:
            # Inside the model's turn only: then the user turn before holds them already.
            if self.agent.results_in is not IN_MODEL:
                self._turns(block, before)
            return
        word = self.agent.keywords.observation
        worded = self.out[-1].text.endswith(word)
        if not worded and self.agent.format_results is not None:
            self._formatted(results_of(block, before, self.names, self._given), block)
        else:
            for position, (number, message) in enumerate(block.messages):
                text = self._given(message.text)
                if worded:
                    text = (word if position else "") + text
                    text += "" if text.endswith("\n") and message.text else "\n"
                self.out.append(Segment(text, TOOL_RESULT, number))
        if following is not None and following.role != "assistant":
            self.out.append(header(self.marks.turn_separator))

    def _turns(self, block: Block, before: Block | None) -> None:
        results = results_of(block, before, self.names, self._given)
        each = self.agent.results_in is IN_TOOL_EACH
        opening, ending = self._result_marks()
        for group in [(result,) for result in results] if each else [results]:
            self._open(opening)
            self._formatted(group, block)
            self.out.append(header(ending))

    def _formatted(self, results: tuple[Result, ...], block: Block) -> None:
        """The text of one turn of results."""
        assert self.agent.format_results is not None
        number = block.messages[results[0].index - 1][0]
        for text in parts(self.agent.format_results(results)):
            control = isinstance(text, Mark)
            self.out.append(Segment(text, TOOL_RESULT, number, False, control))

    def _result_marks(self) -> tuple[str, str]:
        if self.agent.results_in is IN_USER or self.marks.tool is None:
            return self.marks.user
        return self.marks.tool
