"""What a chat format is: the turn marks of a model family, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from agentdata.conversation import Conversation
from agentdata.templates.prompt import Kind, Piece

CountTokens = Callable[[str], int]
"""How many tokens a text is."""


class Earlier(StrEnum):
    """What becomes of the thinking in rounds before the last one."""

    KEPT = "kept"
    """It always stays."""
    TRAINED = "trained"
    """It stays where those rounds are trained, and goes where only the last one is, since servers
    of the family drop it."""
    UNTIL_TOOLS = "until_tools"
    """As TRAINED, but rounds from the first tool result on keep theirs."""
    DROPPED = "dropped"
    """It always goes."""


class EmptyThink(StrEnum):
    """Which turns of the model without thinking get the empty think block."""

    ALL = "all"
    AFTER_USER = "after_user"
    """Those that answer the user, not those that follow a tool result."""
    LAST = "last"
    """The last of those turns that are one message, or one row of calls."""


# A member is looked up in its Enum in five times the time of a name.
KEPT, UNTIL_TOOLS, DROPPED = Earlier.KEPT, Earlier.UNTIL_TOOLS, Earlier.DROPPED
AFTER_USER, LAST = EmptyThink.AFTER_USER, EmptyThink.LAST


@dataclass(frozen=True, slots=True)
class SystemTurn:
    """What is about to stand in the system turn: `pieces` by the agent template, `system` the
    conversation's own system prompt or the default one (None: neither), `has_tools`."""

    pieces: tuple[Piece, ...]
    system: str | None
    has_tools: bool

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


def drop_think(text: str) -> str:
    """A reply without what stands before its last `</think>`, white space stripped."""
    return text.split("</think>")[-1].strip()


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """How a model family marks turns.

    Turns. The text begins with `begin`; with the tokenizer's beginning token before it, if there
    is one and `bos` asks for it. A user turn is `user[0] + text + user[1]`, a system prompt
    likewise; without one, `default_system` stands there, or, where that is None too, `no_system`
    in place of the turn. The model's turn opens with `assistant` and ends with `end_of_turn`, of
    which only `turn_separator` is written where another turn follows. Where it is "" and the next
    turn's mark is `end_of_turn` (GLM), that mark is what the model learns to stop with.
    `system_turn` has the last word on what the system turn says.

    Tools. `tool` marks a turn of results, None where the family has no role for them (then they
    stand in the user's turn). `call_end` is what ends the model's turn after calls instead of
    `end_of_turn`, and may be the mark that the turn of results opens with. After results,
    `assistant_after_tool` opens the model's turn (None: `assistant`), before a turn of nothing
    but calls `assistant_before_calls`, at the end of an open conversation `assistant_last`.

    Thinking. `empty_think` stands before a reply that does not begin with it or `think_open` (with
    `think_anywhere`: that holds neither the latter nor `</think>`), in the turns that
    `empty_think_in` names; `generation` (None: `empty_think`) after the opening at the end of an
    open conversation, as servers write it. `earlier_thinking` says which history
    keeps thinking (with `keeps_thinking_with_tools`, all of it where there are tools);
    `without_thinking` takes it out of a text, and `history_think` stands in its place. Where
    nothing is said before calls, `think_before_calls` stands for it and for `empty_think`.

    Words. `said` writes one message of the model, its thinking in `<think>`, in the family's way;
    `trims` strips white space from all that others said; `adapt` gives the format for one
    conversation, where its marks depend on that (and on how many tokens a text is). `native`
    prints `Conversation.native` as it stands, where a reader kept it. `control_tokens` must be
    special tokens of the tokenizer.
    """

    name: str
    families: str
    user: tuple[str, str]
    assistant: str
    end_of_turn: str
    turn_separator: str
    agent_template: str
    system: tuple[str, str] = ("", "")
    control_tokens: tuple[str, ...] = ()
    default_system: str | None = None
    bos: bool = False
    begin: str = ""
    no_system: str = ""
    system_turn: Callable[[SystemTurn], tuple[Piece, ...]] | None = None
    tool: tuple[str, str] | None = None
    call_end: str = ""
    assistant_after_tool: str | None = None
    assistant_before_calls: str | None = None
    assistant_last: str | None = None
    empty_think: str = ""
    empty_think_in: EmptyThink = EmptyThink.ALL
    think_open: str = "<think>"
    think_anywhere: bool = False
    generation: str | None = None
    earlier_thinking: Earlier = Earlier.KEPT
    keeps_thinking_with_tools: bool = False
    without_thinking: Callable[[str], str] = drop_think
    history_think: str = ""
    think_before_calls: str | None = None
    said: Callable[[str], tuple[Piece, ...]] | None = None
    trims: bool = False
    adapt: Callable[[ChatFormat, Conversation, CountTokens], ChatFormat] | None = None
    native: bool = False


def system_words(turn: SystemTurn, *, lead: str = "", tail: str = "") -> tuple[Piece, ...]:
    """The system turn between `lead` and `tail`, each a mark of the template."""
    pieces = turn.pieces
    if lead:
        pieces = ((Kind.SYSTEM, lead), *pieces)
    return (*pieces, (Kind.SYSTEM, tail)) if tail else pieces
