"""A conversation to a prompt, by a chat format's marks and an agent template's way of calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from agentdata.conversation import Conversation, Message
from agentdata.templates.agent_templates import get_agent_template
from agentdata.templates.agent_templates.base import AgentTemplate
from agentdata.templates.chat_formats import ChatFormat, get_chat_format
from agentdata.templates.prompt import Kind, Prompt, Segment

THINK_OPEN = "<think>"
THINK_CLOSE = "</think>"


@dataclass(frozen=True, slots=True)
class Template:
    """A chat format with an agent template. `bos` is the tokenizer's beginning token or ""."""

    chat_format: ChatFormat
    agent_template: AgentTemplate
    bos: str = ""

    @property
    def name(self) -> str:
        return f"{self.chat_format.name}+{self.agent_template.name}"


def get_template(chat_format: str, agent_template: str = "auto", *, bos: str = "") -> Template:
    """The template of these two names; `auto` is the chat format's own agent template.

    `bos` is written only by chat formats that ask for it. Raises UsageError for unknown names.

    >>> get_template("qwen2_5").agent_template.name
    'hermes'
    """
    marks = get_chat_format(chat_format)
    name = marks.agent_template if agent_template == "auto" else agent_template
    return Template(marks, get_agent_template(name), bos if marks.bos else "")


def render(conversation: Conversation, template: Template, *, keep_thinking: bool = True) -> Prompt:
    """The prompt of a conversation, ending with the model's last end of turn.

    With `keep_thinking` false, a thinking model's format drops the thinking of all rounds before
    the last one, as its servers do. A conversation that begins with the model gets an empty user
    turn; one that ends with the user or a tool ends with the opened turn of the model.
    Sources: ms-swift's rendering of the same data; each family's chat template.
    """
    if template.chat_format.native and conversation.native:
        return Prompt(tuple(_native(conversation, template)))
    return Prompt(tuple(_Renderer(conversation, template, keep_thinking).segments()))


def _native(conversation: Conversation, template: Template) -> Iterator[Segment]:
    marks = template.chat_format
    last = len(conversation.native) - 1
    for index, turn in enumerate(conversation.native):
        text = "".join(text for _, text in turn.spans)
        if turn.role == "assistant":
            yield _header(marks.assistant)
            for kind, part in turn.spans:
                yield Segment(part, Kind(kind), None, trainable=kind != "tool_result")
            ends = marks.end_of_turn if index == last else marks.turn_separator
            yield Segment(ends, Kind.END_OF_TURN, None, trainable=True, control=True)
        else:
            before, after = marks.system if turn.role == "system" else marks.user
            yield _header(before)
            yield Segment(text, Kind.SYSTEM if turn.role == "system" else Kind.USER)
            yield _header(after)
    if conversation.native and conversation.native[-1].role == "user":
        yield _header(marks.assistant)


def _header(text: str) -> Segment:
    return Segment(text, Kind.HEADER, control=True)


@dataclass(frozen=True, slots=True)
class _Block:
    """Messages of one role in a row."""

    role: str
    messages: tuple[tuple[int, Message], ...]


class _Renderer:
    """One conversation on its way to segments."""

    def __init__(self, conversation: Conversation, template: Template, keep_thinking: bool) -> None:
        self.conversation = conversation
        self.marks = template.chat_format
        self.agent = template.agent_template
        self.bos = template.bos
        messages = list(enumerate(conversation.messages))
        self.system = None
        if messages and messages[0][1].role == "system":
            self.system = messages.pop(0)
        self.blocks = [
            _Block(role, tuple(group)) for role, group in groupby(messages, lambda m: m[1].role)
        ]
        self._give_a_user_turn()
        asked = [i for i, block in enumerate(self.blocks) if block.role in ("user", "tool")]
        drops = bool(self.marks.empty_think) and not keep_thinking
        self.thinking_from = asked[-1] if drops and asked else 0

    def _give_a_user_turn(self) -> None:
        """An empty user turn before a model that begins, and before results that answer no call
        where only a user turn can hold them."""
        blocks: list[_Block] = []
        for block in self.blocks:
            previous = blocks[-1].role if blocks else None
            held = self.agent.format_results is None and previous not in ("user", "assistant")
            if (block.role == "assistant" and not blocks) or (block.role == "tool" and held):
                blocks.append(_Block("user", ()))
            blocks.append(block)
        self.blocks = blocks

    def segments(self) -> list[Segment]:
        out: list[Segment] = []
        if self.bos:
            out.append(Segment(self.bos, Kind.BOS, control=True))
        out += self._system()
        inline = False
        for index, block in enumerate(self.blocks):
            following = self.blocks[index + 1].role if index + 1 < len(self.blocks) else None
            if block.role == "assistant":
                out += self._assistant(index, block)
                inline = following == "tool" and self._is_inline(out)
                if inline:
                    self._open_observation(out)
                    continue
                ends = self.marks.turn_separator if following else self.marks.end_of_turn
                out.append(Segment(ends, Kind.END_OF_TURN, None, trainable=True, control=True))
            elif block.role == "tool":
                out += self._results(out, block, following, inline)
            elif block.role == "system":
                for number, message in block.messages:
                    out += _turn(self.marks.system, message.text, Kind.SYSTEM, number)
            else:
                out += self._user(index, block)
            if block.role != "assistant" and following in (None, "assistant"):
                if block.role == "tool" and inline:
                    continue
                out.append(_header(self.marks.assistant))
                if following is None:
                    # The opening that a server gives a thinking model told not to think.
                    out.append(Segment(self.marks.empty_think, Kind.HEADER))
        return [segment for segment in out if segment.text]

    def _system(self) -> Iterator[Segment]:
        number, given = (None, None) if self.system is None else (0, self.system[1].text)
        text = self.marks.default_system if given is None else given
        tools = self.conversation.tools
        pieces = self.agent.format_tools(tools, text) if tools else ((Kind.SYSTEM, text or ""),)
        if any(piece for _, piece in pieces):
            yield _header(self.marks.system[0])
            for kind, piece in pieces:
                yield Segment(piece, kind, number if kind is Kind.SYSTEM else None)
            yield _header(self.marks.system[1])

    def _user(self, index: int, block: _Block) -> Iterator[Segment]:
        yield _header(self.marks.user[0])
        for number, message in block.messages:
            yield Segment(message.text, Kind.USER, number)
        following = self.blocks[index + 1] if index + 1 < len(self.blocks) else None
        if following and following.role == "tool" and self.agent.format_results is None:
            word = self.agent.keywords.observation
            for number, message in following.messages:
                text = f"\n{word}\n{message.text}"
                yield Segment(text, Kind.TOOL_RESULT, number)
        yield _header(self.marks.user[1])

    def _assistant(self, index: int, block: _Block) -> list[Segment]:
        out = [s for number, message in block.messages for s in self._written(number, message)]
        first = block.messages[0][0]
        if index < self.thinking_from:
            return _without_thinking(out, first)
        opening = out[0].text if out else ""
        if self.marks.empty_think and not opening.startswith(THINK_OPEN):
            out.insert(0, Segment(self.marks.empty_think, Kind.REASONING, first, trainable=True))
        return out

    def _written(self, number: int, message: Message) -> Iterator[Segment]:
        """What the model writes of one message: reasoning, content, calls."""
        if message.reasoning is not None:
            text = f"{THINK_OPEN}\n{message.reasoning}\n{THINK_CLOSE}\n\n"
            if self.agent.thought and self.conversation.meta.get("thought"):
                answer = "" if message.tool_calls else self.agent.answer
                text = f"{self.agent.thought} {message.reasoning}\n{answer}"
            yield Segment(text, Kind.REASONING, number, trainable=True)
        if message.text:
            yield Segment(message.text, Kind.CONTENT, number, trainable=True)
        if message.tool_calls:
            calls = self.agent.format_calls(message.tool_calls)
            yield Segment(calls, Kind.TOOL_CALL, number, trainable=True)

    def _is_inline(self, out: Sequence[Segment]) -> bool:
        """Whether results stand inside the model's turn: the template says so, or the model wrote
        its call in ReAct words."""
        return self.agent.format_results is None or self.agent.keywords.are_in(_last_piece(out))

    def _open_observation(self, out: list[Segment]) -> None:
        """Make the model's text end with the word at which generation stops for the result."""
        text, word = _last_piece(out), self.agent.keywords.observation
        if self.agent.keywords.are_in(text) and not text.endswith(word):
            addition = word if text.endswith("\n") else "\n" + word
            out[-1] = replace(out[-1], text=out[-1].text + addition)

    def _results(
        self, out: Sequence[Segment], block: _Block, following: str | None, inline: bool
    ) -> Iterator[Segment]:
        if not inline:
            # Without a way to write results apart, the user turn before holds them already.
            if self.agent.format_results is not None:
                text = self.agent.format_results([message.text for _, message in block.messages])
                yield from _turn(self.marks.user, text, Kind.TOOL_RESULT, block.messages[0][0])
            return
        word = self.agent.keywords.observation
        worded = out[-1].text.endswith(word)
        for position, (number, message) in enumerate(block.messages):
            text = message.text
            if worded:
                text = (word if position else "") + text
                text += "" if text.endswith("\n") and message.text else "\n"
            yield Segment(text, Kind.TOOL_RESULT, number)
        if following not in (None, "assistant"):
            yield _header(self.marks.turn_separator)


def _turn(marks: tuple[str, str], text: str, kind: Kind, number: int) -> Iterator[Segment]:
    yield _header(marks[0])
    yield Segment(text, kind, number)
    yield _header(marks[1])


def _last_piece(out: Sequence[Segment]) -> str:
    """The text that the model wrote for its last message, calls apart from what it said."""
    if not out:
        return ""
    last = out[-1]
    texts: list[str] = []
    for segment in reversed(out):
        same = segment.message == last.message and segment.trainable
        if not same or (segment.kind is Kind.TOOL_CALL) != (last.kind is Kind.TOOL_CALL):
            break
        texts.append(segment.text)
    return "".join(reversed(texts))


def _without_thinking(out: list[Segment], first: int) -> list[Segment]:
    """An earlier round as a server replays it: no thinking, white space stripped."""
    said = [s for s in out if s.message == first and s.kind is not Kind.TOOL_CALL]
    rest = out[len(said) :]
    text = "".join(s.text for s in said).split(THINK_CLOSE)[-1].strip()
    kept = [Segment(text, Kind.CONTENT, first, trainable=True)] if text else []
    return kept + rest
