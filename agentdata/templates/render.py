"""A conversation to a prompt, by a chat format's marks and an agent template's way of calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agentdata.conversation import Conversation
from agentdata.templates.agent_templates import get_agent_template
from agentdata.templates.agent_templates.base import AgentTemplate
from agentdata.templates.blocks import same_names
from agentdata.templates.chat_formats import ChatFormat, get_chat_format
from agentdata.templates.chat_formats.base import CountTokens
from agentdata.templates.prompt import Kind, Prompt, Segment
from agentdata.templates.turns import Renderer, header


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is: one for four bytes of UTF-8."""
    return (len(text.encode()) + 3) // 4


@dataclass(frozen=True, slots=True)
class Template:
    """A chat format with an agent template. `bos` is the tokenizer's beginning token or "";
    `count_tokens` counts for formats that tell the model of a budget of tokens (Seed-OSS)."""

    chat_format: ChatFormat
    agent_template: AgentTemplate
    bos: str = ""
    count_tokens: CountTokens = estimate_tokens

    @property
    def name(self) -> str:
        return f"{self.chat_format.name}+{self.agent_template.name}"


def get_template(
    chat_format: str,
    agent_template: str = "auto",
    *,
    bos: str = "",
    count_tokens: CountTokens = estimate_tokens,
) -> Template:
    """The template of these two names; `auto` is the chat format's own agent template.

    `bos` is written only by chat formats that ask for it. Raises UsageError for unknown names.

    >>> get_template("qwen2_5").agent_template.name
    'hermes'
    """
    marks = get_chat_format(chat_format)
    name = marks.agent_template if agent_template == "auto" else agent_template
    return Template(marks, get_agent_template(name), bos if marks.bos else "", count_tokens)


def render(conversation: Conversation, template: Template, *, keep_thinking: bool = True) -> Prompt:
    """The prompt of a conversation, ending with the model's last end of turn.

    With `keep_thinking` false, a thinking model's format drops the thinking of all rounds before
    the last one, as its servers do. A conversation that begins with the model gets an empty user
    turn; one that ends with the user or a tool ends with the opened turn of the model.
    Sources: ms-swift's rendering of the same data; each family's chat template.
    """
    marks = template.chat_format
    if marks.native and conversation.native:
        return Prompt(tuple(_native(conversation, marks)))
    if marks.adapt is not None:
        marks = marks.adapt(marks, conversation, template.count_tokens)
    renderer = Renderer(conversation, marks, template.agent_template, keep_thinking)
    return Prompt(tuple(renderer.segments(template.bos)))


class Beginnings:
    """The texts of a conversation's beginnings as servers write them, without the thinking of
    earlier rounds. Each is rendered from where the one before it goes another way."""

    def __init__(self, conversation: Conversation, template: Template) -> None:
        self._conversation = conversation
        self._template = template
        marks = template.chat_format
        own = marks.adapt is not None or (marks.native and bool(conversation.native))
        self._apart = own or not same_names(conversation)
        self._before: Renderer | None = None

    def text(self, messages: int) -> str:
        """The text of the first so many messages."""
        template = self._template
        beginning = replace(self._conversation, messages=self._conversation.messages[:messages])
        if self._apart:
            return render(beginning, template, keep_thinking=False).text
        renderer = Renderer(beginning, template.chat_format, template.agent_template, False)
        segments = renderer.segments(template.bos, self._before)
        self._before = renderer
        return "".join([segment.text for segment in segments])


def _native(conversation: Conversation, marks: ChatFormat) -> Iterator[Segment]:
    last = len(conversation.native) - 1
    for index, turn in enumerate(conversation.native):
        text = "".join(text for _, text in turn.spans)
        if turn.role == "assistant":
            yield header(marks.assistant)
            for kind, part in turn.spans:
                yield Segment(part, Kind(kind), None, trainable=kind != "tool_result")
            ends = marks.end_of_turn if index == last else marks.turn_separator
            yield Segment(ends, Kind.END_OF_TURN, None, trainable=True, control=True)
        else:
            before, after = marks.system if turn.role == "system" else marks.user
            yield header(before)
            yield Segment(text, Kind.SYSTEM if turn.role == "system" else Kind.USER)
            yield header(after)
    if conversation.native and conversation.native[-1].role == "user":
        yield header(marks.assistant)
