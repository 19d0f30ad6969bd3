"""A chat template of Hugging Face, unmodified, as a way from conversations to prompts."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jinja2 import meta

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, RowError, UsageError
from agentdata.templates.jinja import messages as shapes
from agentdata.templates.jinja.engine import Engine
from agentdata.templates.jinja.layout import Opening, lay_out
from agentdata.templates.jinja.learn import learn_forms, learn_marks
from agentdata.templates.jinja.losses import check_nothing_lost, shows_reasoning
from agentdata.templates.jinja.messages import Forms
from agentdata.templates.jinja.opening import Openings
from agentdata.templates.jinja.samples import ASK, CALL, REPLY, sample
from agentdata.templates.jinja.segments import segments
from agentdata.templates.jinja.served import PlainPrompts
from agentdata.templates.jinja.spans import Span, spans
from agentdata.templates.jinja.text import Text
from agentdata.templates.jinja.tools import Tools
from agentdata.templates.jinja.turns import find_turns
from agentdata.templates.jinja.values import untraced
from agentdata.templates.model_turns import model_turns
from agentdata.templates.prompt import Prompt
from agentdata.templates.template import ServerPrompts

NO_END_OF_TURN = "no_end_of_turn"
"""The template writes nothing that ends the model's last turn, so no stop is trained there."""
REASONING_DROPPED = "reasoning_dropped"
"""The template leaves out reasoning of the last message."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a template is loaded with.

    `tokens` are the special tokens by name (`bos_token`, ...), `special` all of the tokenizer's;
    `date` is the day that templates are told it is; `options` are `chat_template_kwargs` for every
    row, over which a row's own win. `train_injected` trains what the template adds to the model's
    turn by itself.
    """

    tokens: Mapping[str, str]
    special: tuple[str, ...]
    date: datetime.date
    options: Mapping[str, Any]
    train_injected: bool = False


class JinjaTemplate:
    """Renders conversations with one chat template; see `load_jinja`.

    `forms` is how the template wants its data, `marks` what it writes around the model's turn,
    both learned from samples when it is loaded. Rows with tools go to `for_tools`, if there is one
    (a tokenizer's `tool_use` template). Can be pickled.
    """

    def __init__(
        self,
        source: str,
        settings: Settings,
        name: str = "template.jinja",
        for_tools: JinjaTemplate | None = None,
    ) -> None:
        self.source = source
        self.for_tools = for_tools
        self.settings = settings
        self.name = name
        self._engine = Engine(source, settings.tokens, settings.date, name)
        self._tools = Tools()
        self._made: list[tuple[Any, Forms, list[Any]]] = []
        self._rendered_rows = 0
        try:
            self.forms = learn_forms(
                lambda sample, forms: self._run(sample, forms, settings.options, False)
            )
        except RowError as error:
            raise UsageError(
                "bad_template",
                f"--template {name}: renders none of the sample conversations: {error.message}",
            ) from None
        self.marks = learn_marks(
            lambda sample: self._run(sample, self.forms, settings.options, False),
            settings.special,
            tuple(settings.tokens.values()),
        )
        self._last_stops: dict[bool, str | None] = {}
        self._start()

    def _start(self) -> None:
        tree = self._engine.parse()
        names = sorted(meta.find_undeclared_variables(tree))
        thinking = [name for name in names if "think" in name or name == "reasoning"]
        self._openings = Openings(self._run_default, self.marks, thinking)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_openings"]
        state["_tools"], state["_made"] = Tools(), []
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    @property
    def fingerprint(self) -> str:
        """sha256 of all that decides the text and its segments, this package's code apart."""
        settings = self.settings
        parts = (
            self.source,
            repr(sorted(settings.tokens.items())),
            repr(sorted(settings.special)),
            settings.date.isoformat(),
            repr(sorted(settings.options.items())),
            repr(settings.train_injected),
            self.for_tools.fingerprint if self.for_tools else "",
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def stop_token(self) -> str | None:
        """The text that ends the model's turn; None if the template writes none."""
        ends = self.marks.stops or self.marks.next_marks
        return ends[0] if ends else None

    def render(self, conversation: Conversation) -> Prompt:
        """The prompt of a conversation.

        Its text is that of `apply_chat_template(tokenize=False)`. The row's
        `meta["chat_template_kwargs"]` and `meta["documents"]` reach the template. Raises RowError
        `template_error` (the template refuses the row), `template_limit`,
        `template_dropped_content`, `template_untracked` and `template_turn_unknown`.
        """
        if self.for_tools and conversation.tools:
            return self.for_tools.render(conversation)
        options = self._options(conversation)
        text, found = self._run(conversation, self.forms, options, False)
        self._check_sample(text, conversation, options)
        check_nothing_lost(text, found, conversation)
        roles = [message.role for message in conversation.messages]
        turns = find_turns(text, found, roles, self.marks.stops)
        tagged = any(span.generated for span in found)

        def opening(frame: str, message: int, thinks: bool) -> Opening:
            try:
                return self._openings.of_turn(conversation, options, frame, message, thinks)
            except RowError:
                if tagged:  # then the kinds are all that it decides
                    return Opening(0, 0)
                raise

        regions, endless = lay_out(text, found, turns, conversation.messages, self.marks, opening)
        pieces = segments(
            text,
            found,
            regions,
            roles,
            bos=self.settings.tokens.get("bos_token", ""),
            train_injected=self.settings.train_injected,
        )
        return Prompt(pieces, tuple(self._warnings(text, found, conversation, endless)))

    @property
    def control_tokens(self) -> tuple[str, ...]:
        """None: a tokenizer's own template may write marks that are text to it."""
        return ()

    @property
    def shows_reasoning(self) -> bool:
        """Whether the last turn of a text ever shows the model's thinking."""
        own = self.marks.thinking is not None
        return own or (self.for_tools is not None and self.for_tools.shows_reasoning)

    def replay(self, conversation: Conversation) -> Prompt:
        """`render`: a chat template is what servers use."""
        return self.render(conversation)

    def open_turn(self, conversation: Conversation) -> Prompt:
        """The prompt that a server would build after these messages, none of it trainable."""
        if self.for_tools and conversation.tools:
            return self.for_tools.open_turn(conversation)
        text, found = self._run(conversation, self.forms, self._options(conversation), True)
        check_nothing_lost(text, found, conversation)
        roles = [message.role for message in conversation.messages]
        bos = self.settings.tokens.get("bos_token", "")
        pieces = segments(text, found, (), roles, bos=bos, train_injected=False)
        return Prompt(tuple(replace(piece, trainable=False) for piece in pieces))

    def appends(self, conversation: Conversation) -> bool:
        """False: that cannot be told of a program."""
        return False

    def server_prompts(self, conversation: Conversation) -> ServerPrompts:
        """The prompts that a server would build for the turns of a conversation; first with the
        row's own settings, then with thinking switched on and off."""
        if self.for_tools and conversation.tools:
            return self.for_tools.server_prompts(conversation)
        options = self._options(conversation)
        variables = self._variables(conversation, self.forms, options, True)
        switches = [{name: value} for name in self._openings.thinking for value in (True, False)]
        return PlainPrompts(self._engine, variables, switches)

    def last_stop(self, calls: bool) -> str | None:
        """What ends the last turn of a conversation, with calls or without."""
        if calls not in self._last_stops:
            try:
                turns = model_turns(self.render(sample(ASK, CALL if calls else REPLY)).segments)
                self._last_stops[calls] = (turns[-1].stop or None) if turns else None
            except RowError:
                self._last_stops[calls] = None
        return self._last_stops[calls]

    def server_prompt(self, conversation: Conversation) -> str:
        """What a server would give the model after these messages: the text with the opened turn
        of the model (`add_generation_prompt`)."""
        if self.for_tools and conversation.tools:
            return self.for_tools.server_prompt(conversation)
        return self._run(conversation, self.forms, self._options(conversation), True)[0]

    def untouched_text(self, conversation: Conversation, *, open_turn: bool = False) -> str:
        """The text of the template without any tracing: what `render` is held to."""
        if self.for_tools and conversation.tools:
            return self.for_tools.untouched_text(conversation, open_turn=open_turn)
        variables = self._variables(
            conversation, self.forms, self._options(conversation), open_turn
        )
        return self._engine.render_plain(variables)

    def _options(self, conversation: Conversation) -> dict[str, Any]:
        own = conversation.meta.get("chat_template_kwargs")
        options = {**self.settings.options, **(own if isinstance(own, Mapping) else {})}
        documents = conversation.meta.get("documents")
        return options | ({"documents": documents} if documents is not None else {})

    def _variables(
        self, conversation: Conversation, forms: Forms, options: Mapping[str, Any], open_turn: bool
    ) -> dict[str, Any]:
        tools = self._tools.of(conversation.tools, forms)
        # A row is asked for several times in a row, and its beginnings in between.
        for messages, known, made in self._made:
            if messages is conversation.messages and known == forms:
                return self._engine.variables(list(made), tools, options, open_turn)
        made = shapes.messages(conversation, forms)
        self._made = [*self._made[-1:], (conversation.messages, forms, made)]
        return self._engine.variables(list(made), tools, options, open_turn)

    def _run(
        self, conversation: Conversation, forms: Forms, options: Mapping[str, Any], open_turn: bool
    ) -> tuple[str, list[Span]]:
        text = self._engine.render(self._variables(conversation, forms, options, open_turn))
        return _cut(text, conversation)

    def _run_default(
        self, conversation: Conversation, options: Mapping[str, Any], open_turn: bool
    ) -> tuple[str, list[Span]]:
        return self._run(conversation, self.forms, options, open_turn)

    def _check_sample(
        self, text: str, conversation: Conversation, options: Mapping[str, Any]
    ) -> None:
        """Holds the 1st, 2nd, 4th, 8th ... text of a process against the untouched template's."""
        self._rendered_rows += 1
        if self._rendered_rows & (self._rendered_rows - 1):
            return
        variables = self._variables(conversation, self.forms, options, False)
        lean = self._engine.render_lean({key: untraced(value) for key, value in variables.items()})
        if not text == self.untouched_text(conversation) == lean:
            raise AgentDataError(
                "template_mismatch",
                f"--template {self.name}: the traced text of row {conversation.id} is not that of "
                "the untouched template",
                remedy="report it with the template; choose another --template meanwhile",
            )

    def _warnings(
        self,
        text: str,
        found: Sequence[Span],
        conversation: Conversation,
        endless: Sequence[int],
    ) -> list[str]:
        warnings = [NO_END_OF_TURN] if endless else []
        last = len(conversation.messages) - 1
        if last >= 0:
            reasoning = conversation.messages[last].reasoning
            if reasoning and not shows_reasoning(text, found, last, reasoning):
                warnings.append(REASONING_DROPPED)
        return warnings


def _cut(text: Text, conversation: Conversation) -> tuple[str, list[Span]]:
    roles = [message.role for message in conversation.messages]
    return str.__str__(text), spans(text, roles)
