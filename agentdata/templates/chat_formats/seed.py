"""Seed-OSS: thinking in `<seed:think>`, within a budget of tokens that the system prompt names."""

from __future__ import annotations

from dataclasses import replace

from agentdata.conversation import Conversation
from agentdata.templates.chat_formats.base import ChatFormat, CountTokens, Earlier, SystemTurn
from agentdata.templates.prompt import Kind, Mark, Piece

_BUDGETS = {512: 128, 1024: 256, 2048: 512, 4096: 512, 8192: 1024, 16384: 1024}
"""Tokens of thinking, and after how many of them the model takes stock."""

_NEXT_SYSTEM = Mark("<seed:eos><seed:bos>system\n")
_NO_THINKING = (
    "You are an intelligent assistant that can answer questions in one step without the need for "
    "reasoning and thinking, that is, your thinking budget is 0. Next, please skip the thinking "
    "process and directly start answering the user's questions.\n"
)
_THINKING = (
    "You are an intelligent assistant with reflective ability. In the process of thinking and "
    "reasoning, you need to strictly follow the thinking budget, which is {budget}. That is, you "
    "need to complete your thinking within {budget} tokens and start answering the user's "
    "questions. You will reflect on your thinking process every {interval} tokens, stating how "
    "many tokens have been used and how many are left.\n"
)
_SKIPPED_OPENING = "<seed:think><seed:cot_budget_reflect>"
_SKIPPED = (
    f"{_SKIPPED_OPENING}The current thinking budget is 0, so I will directly start answering the "
    "question.</seed:cot_budget_reflect>\n</seed:think>"
)


def _thinking(text: str) -> tuple[str, str, str] | None:
    """What stands before, in and after the first think block; None if there is none."""
    if "<think>" not in text or "</think>" not in text:
        return None
    before, _, rest = text.partition("<think>")
    inner, closed, after = rest.partition("</think>")
    return (before, inner, after) if closed else None


def _said(text: str) -> tuple[Piece, ...]:
    found = _thinking(text)
    if found is None:
        return ((Kind.CONTENT, text.replace("<think>", "").replace("</think>", "")),)
    before, inner, after = found
    return (
        (Kind.CONTENT, before),
        (Kind.REASONING, Mark("<seed:think>")),
        (Kind.REASONING, inner),
        (Kind.REASONING, Mark("</seed:think>")),
        (Kind.CONTENT, after),
    )


def _budget(conversation: Conversation, count_tokens: CountTokens) -> tuple[int, int]:
    """(tokens of the longest thinking rounded up to a budget, tokens between taking stock)."""
    longest = 0
    for message in conversation.messages:
        if message.role == "assistant":
            thinking = message.reasoning
            if thinking is None:
                found = _thinking(message.text)
                thinking = found[1] if found else ""
            if thinking.strip():
                longest = max(longest, count_tokens(f"\n{thinking}\n"))
    if not longest:
        return 0, 0
    budget = next((budget for budget in _BUDGETS if longest <= budget), longest)
    return budget, _BUDGETS.get(budget, 1024)


def _with_budget(
    marks: ChatFormat, conversation: Conversation, count_tokens: CountTokens
) -> ChatFormat:
    budget, interval = _budget(conversation, count_tokens)
    words = _THINKING.format(budget=budget, interval=interval) if budget else _NO_THINKING

    def system_turn(turn: SystemTurn) -> tuple[Piece, ...]:
        if not turn.text:
            return ((Kind.SYSTEM, words),)
        return (*turn.pieces, (Kind.SYSTEM, _NEXT_SYSTEM), (Kind.SYSTEM, words))

    return replace(
        marks,
        system_turn=system_turn,
        empty_think="<seed:think></seed:think>" if budget else _SKIPPED,
    )


FORMATS = (
    ChatFormat(
        name="seed_oss",
        families="Seed-OSS",
        system=("<seed:bos>system\n", "<seed:eos>"),
        user=("<seed:bos>user\n", "<seed:eos>"),
        tool=("<seed:bos>tool\n", "<seed:eos>"),
        assistant="<seed:bos>assistant\n",
        end_of_turn="<seed:eos>",
        turn_separator="<seed:eos>",
        agent_template="seed_oss",
        control_tokens=("<seed:bos>", "<seed:eos>"),
        empty_think=_SKIPPED,
        think_open="<seed:think>",
        think_anywhere=True,
        generation=_SKIPPED_OPENING,
        earlier_thinking=Earlier.KEPT,
        said=_said,
        adapt=_with_budget,
    ),
)
