"""Actions that a model writes as plain text, each style by its own marks, as calls.

What a style cannot read to the end stays text: nothing is guessed. The turn that follows an action
is its result, whoever the source says wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agentdata.call_text.base import Reader, skip_space
from agentdata.call_text.parameter_calls import function_calls
from agentdata.conversation import Conversation, Message, Part, ToolCall

NOT_CLOSED = "call_not_closed"
"""Warning: the last call lacks its closing tag, where generation stopped before it."""
SHELL = "bash"
"""The name of calls whose style has no name for them: commands of a shell."""


@dataclass(frozen=True, slots=True)
class TextAction:
    """The calls at the end of a text, and what stands before them."""

    calls: tuple[ToolCall, ...]
    content: str = ""
    reasoning: str | None = None


Style = Callable[[str, list[str]], TextAction | None]
"""The action of a text, None where it has none of this style; appends warnings."""

_FENCE = re.compile(r"^```(\S*)[ \t]*$", re.MULTILINE)
_SHELLS = frozenset({"", "bash", "sh", "shell", "mswea_bash_command"})
_COMMAND_TAG = re.compile(r"<command>\n?(?P<command>.*?)\n?</command>\s*\Z", re.DOTALL)
_EXECUTE = re.compile(
    r"<(?P<tag>execute(?:_bash|_ipython|_browse)?)>(?P<code>.*?)</(?P=tag)>\s*\Z", re.DOTALL
)
_EXECUTE_NAMES = {
    "execute": ("execute", "code"),
    "execute_bash": ("execute_bash", "command"),
    "execute_ipython": ("execute_ipython_cell", "code"),
    "execute_browse": ("browser", "code"),
}
_CODE_BLOB = re.compile(
    r"(?:^Code:\n```(?:py|python)?\n(?P<block>.*?)\n?```(?:<end_code>)?"
    r"|^<code>(?P<tagged>.*?)</code>)\s*\Z",
    re.DOTALL | re.MULTILINE,
)
_FUNCTION = function_calls(lines=False)


def function_tags(text: str, warnings: list[str]) -> TextAction | None:
    """`<function=NAME>` with `<parameter=KEY>value</parameter>`, one or several at the end.

    Source: OpenHands' prompts for models without function calling; SWE-agent's XML parser. A value
    of several lines stands on lines of its own; all values are text.
    """
    start = text.find("<function=")
    if start < 0:
        return None
    reader = Reader(text, is_text=lambda number, name, key: True)
    at = start
    while at < len(text):
        if _FUNCTION.find(text, at) != at:
            return None
        end = _FUNCTION.read(reader, at)
        at = skip_space(text, end)
    if reader.faults:
        code, _, _, place = reader.faults[0]
        if len(reader.faults) > 1 or (code, place) != ("missing_end", end) or at < len(text):
            return None
        warnings.append(NOT_CLOSED)
    calls = tuple(_with_lines(found.call) for found in reader.calls)
    return TextAction(calls, text[:start].rstrip("\n"))


def _with_lines(call: ToolCall) -> ToolCall:
    arguments = call.arguments
    assert isinstance(arguments, dict)
    return replace(call, arguments={key: _lines(value) for key, value in arguments.items()})


def execute_tags(text: str, warnings: list[str]) -> TextAction | None:
    """`<execute>code</execute>` at the end, and OpenHands' `<execute_bash>`, `<execute_ipython>`.

    Source: CodeAct (arXiv 2402.01030).
    """
    if text.count("<execute") != 1:
        return None
    match = _EXECUTE.search(text)
    if match is None:
        return None
    name, key = _EXECUTE_NAMES[match["tag"]]
    call = ToolCall(name, {key: _lines(match["code"])})
    return TextAction((call,), text[: match.start()].rstrip("\n"))


def code_blob(text: str, warnings: list[str]) -> TextAction | None:
    """`Code:` and a block of Python, or `<code>`, at the end of a text (smolagents)."""
    match = _CODE_BLOB.search(text)
    if match is None or text.count("Code:\n") + text.count("<code>") != 1:
        return None
    code = match["block"] if match["tagged"] is None else _lines(match["tagged"])
    return TextAction(
        (ToolCall("python_interpreter", {"code": code}),), text[: match.start()].rstrip()
    )


def command_tag(text: str, warnings: list[str]) -> TextAction | None:
    """`<command>` and `</command>` at the end (SWE-agent's XML parser of thought and action)."""
    match = _COMMAND_TAG.search(text)
    if match is None or text.count("<command>") != 1:
        return None
    return TextAction(
        (ToolCall(SHELL, {"command": match["command"]}),), text[: match.start()].rstrip("\n")
    )


def last_block(text: str, warnings: list[str]) -> TextAction | None:
    """The fenced block that ends the text (SWE-agent's parser of thought and action)."""
    block = _closing_block(text)
    if block is None:
        return None
    start, language, command = block
    if language not in _SHELLS:
        return None
    return TextAction((ToolCall(SHELL, {"command": command}),), text[:start].rstrip("\n"))


def only_bash_block(text: str, warnings: list[str]) -> TextAction | None:
    """The one block of a shell in the text, where it ends the text (mini-swe-agent)."""
    if text.count("```bash\n") + text.count("```mswea_bash_command\n") != 1:
        return None
    block = _closing_block(text)
    return None if block is None or not block[1] else last_block(text, warnings)


def _closing_block(text: str) -> tuple[int, str, str] | None:
    """(start, language, body) of the fenced block that ends the text."""
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2 or fences[-1][1] or text[fences[-1].end() :].strip():
        return None
    opening = fences[-2]
    return opening.start(), opening[1], text[opening.end() + 1 : max(0, fences[-1].start() - 1)]


def take_actions(
    conversation: Conversation, styles: Sequence[Style], result_label: re.Pattern[str] | None = None
) -> Conversation:
    """The conversation with the actions in its texts as calls, and what the environment said to
    them as their results, without the label that begins them."""
    messages: list[Message] = []
    warnings: list[str] = []
    waiting = False
    for message in conversation.messages:
        if message.role in ("user", "tool") and waiting:
            content = _without_label(message.content, result_label)
            message = replace(message, role="tool", content=content)
        elif message.role == "assistant":
            message = _with_calls(message, styles, warnings)
        waiting = bool(message.tool_calls)
        messages.append(message)
    return replace(
        conversation,
        messages=tuple(messages),
        warnings=(*conversation.warnings, *warnings),
    )


def _with_calls(message: Message, styles: Sequence[Style], warnings: list[str]) -> Message:
    if message.tool_calls or not isinstance(message.content, str):
        return message
    for style in styles:
        action = style(message.content, warnings)
        if action is not None:
            return replace(
                message,
                content=action.content,
                reasoning=message.reasoning if action.reasoning is None else action.reasoning,
                tool_calls=action.calls,
            )
    return message


def _without_label(
    content: str | tuple[Part, ...], label: re.Pattern[str] | None
) -> str | tuple[Part, ...]:
    if label is None or not isinstance(content, str):
        return content
    match = label.match(content)
    return content[match.end() :] if match else content


def _lines(value: str) -> str:
    """A value without the line breaks that set it on lines of its own."""
    whole = len(value) > 1 and value.startswith("\n") and value.endswith("\n")
    return value[1:-1] if whole else value
