"""Holds every chat template to `transformers`: text equal, spans right, rejects explained.

    python tests/jinja_parity.py [TEMPLATE ...]

Prints per template: rendered of all conversations, texts equal, spans right, rejected by reason.
Every reject is held to transformers: what the template refuses, transformers must refuse too; what
is said to be left out must not be in its text, put there under a name that occurs nowhere else; a
template that cannot be loaded must render nothing there either. The rest is explained one by one.
"""

from __future__ import annotations

import datetime
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
from jinja_cases import FOREIGN, OWN, real_rows
from transformers.utils import chat_template_utils

from agentdata.conversation import Conversation
from agentdata.errors import RowError, UsageError
from agentdata.templates.jinja import JinjaTemplate, load_jinja
from agentdata.templates.jinja import messages as shapes
from agentdata.templates.jinja.tools import Tools
from agentdata.templates.jinja.turns import common_prefix
from agentdata.templates.jinja.values import untraced
from agentdata.templates.prompt import Kind, Prompt

SHARED = Path(os.environ.get("AGENTDATA_SHARED", Path(__file__).parents[2] / "shared"))
DATE = datetime.date(2024, 7, 26)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
UNKNOWN_TURN = "template_turn_unknown"
_NO_MARK = "after a result it goes on to the next call without any mark, against its own prompt"
_NO_HEAD = "its turns have no head, and here its own system prompt stands right before the words"
EXPLAINED = {
    ("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "gpt-4o-airline#1"): _NO_MARK,
    ("llama-cpp-deepseek-r1", "gpt-4o-airline#1"): _NO_MARK,
    ("unsloth-mistral-Devstral-Small-2507", "model begins"): _NO_HEAD,
    ("vllm-mistral3", "model begins"): _NO_HEAD,
}
"""Rows in which the beginning of a turn cannot be told, and why."""
DROPPED, REFUSED = "template_dropped_content", "template_error"


class _Clock(datetime.datetime):
    """The clock that transformers' templates read, stopped."""

    @classmethod
    def now(cls, tz: Any = None) -> _Clock:
        return cls(DATE.year, DATE.month, DATE.day)


@dataclass
class Result:
    """What became of a template's conversations."""

    name: str
    total: int = 0
    rendered: int = 0
    equal: int = 0
    spans: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def theirs(
    template: JinjaTemplate,
    conversation: Conversation,
    tokens: dict[str, str] = TOKENS,
    *,
    open_turn: bool = False,
) -> tuple[str, list[tuple[int, int]]]:
    """The text by transformers for the messages in the template's form, and its generation spans.

    Raises whatever the template raises.
    """
    chat = untraced(shapes.messages(conversation, template.forms))
    tools = untraced(Tools().of(conversation.tools, template.forms))
    options = conversation.meta.get("chat_template_kwargs") or {}
    clock = chat_template_utils.datetime
    chat_template_utils.datetime = _Clock
    try:
        texts, spans = chat_template_utils.render_jinja_template(
            conversations=[chat],
            tools=tools,
            chat_template=template.source,
            return_assistant_tokens_mask=not open_turn,
            add_generation_prompt=open_turn,
            **tokens,
            **options,
        )
    finally:
        chat_template_utils.datetime = clock
    return texts[0], [tuple(span) for span in spans[0]] if spans else []


def span_fault(prompt: Prompt, conversation: Conversation) -> str | None:
    """What is wrong with the segments of a conversation; None if nothing is."""
    at: dict[tuple[int, Kind], str] = {}
    for segment in prompt.segments:
        if segment.message is None:
            if segment.trainable and segment.kind is not Kind.END_OF_TURN:
                return f"trained text of no message: {segment.text[:60]!r}"
            continue
        role = conversation.messages[segment.message].role
        if segment.trainable and role != "assistant":
            return f"trained text of the {role}: {segment.text[:60]!r}"
        if not segment.control and segment.trainable:
            key = (segment.message, segment.kind)
            at[key] = at.get(key, "") + segment.text
        if segment.control and FOREIGN in segment.text:
            return f"special letters of data as the template's: {segment.text[:60]!r}"
    for number, message in enumerate(conversation.messages):
        if message.role != "assistant":
            continue
        if message.text.strip() and message.text.strip() not in at.get((number, Kind.CONTENT), ""):
            said = at.get((number, Kind.CONTENT), "")
            if orjson.dumps(message.text.strip()).decode()[1:-1] not in said:
                return f"words of message {number} are not trained"
        for call in message.tool_calls:
            if call.name not in at.get((number, Kind.TOOL_CALL), ""):
                return f"a call of message {number} is not trained"
    return None


def head_of_turn(template: JinjaTemplate) -> str:
    """What `add_generation_prompt` adds after a user, up to marks of thinking; "" if nothing, and
    where the template itself says what is trained."""
    if re.search(r"\{%-?\s*generation\s*-?%\}", template.source):
        return ""
    asked = OWN["ends with user"]
    try:
        opened = template.server_prompt(asked)
        closed = template.untouched_text(asked)
    except RowError:
        return ""
    added = opened[common_prefix(opened, closed) :]
    return re.split(r"<[^<>]*think", added, flags=re.IGNORECASE)[0].strip()


def head_fault(prompt: Prompt, head: str) -> str | None:
    """Whether the model is trained on the head of its turn."""
    own = False
    for segment in prompt.segments:
        if segment.trainable and segment.control and not own and head and head in segment.text:
            return f"the head of a turn is trained: {segment.text[:60]!r}"
        own = segment.trainable and segment.kind is not Kind.END_OF_TURN
    return None


def check(
    name: str,
    source: str,
    conversations: Sequence[Conversation],
    tokens: dict[str, str] = TOKENS,
    special: Sequence[str] = (),
) -> Result:
    """Every conversation through a template, held to transformers."""
    result = Result(name)
    try:
        template = load_jinja(source, tokens=tokens, special=special, date=DATE)
    except UsageError as error:
        result.total = len(conversations)
        result.rejected["bad_template"] = len(conversations)
        result.faults += _wrongly_unusable(source, conversations, error)
        return result
    head = head_of_turn(template)
    for conversation in conversations:
        result.total += 1
        try:
            expected: str | None = theirs(template, conversation, tokens)[0]
        except Exception:  # templates raise whatever they like
            expected = None
        try:
            prompt = template.render(conversation)
        except RowError as error:
            result.rejected[error.code] += 1
            if (name, conversation.id) in EXPLAINED and error.code == UNKNOWN_TURN:
                continue
            if why := _unexplained(template, conversation, error, expected, tokens):
                result.faults.append(f"{conversation.id}: {why}")
            continue
        result.rendered += 1
        if prompt.text == expected == template.untouched_text(conversation):
            result.equal += 1
        else:
            result.faults.append(f"{conversation.id}: text differs")
        why = span_fault(prompt, conversation) or head_fault(prompt, head)
        if why is None:
            result.spans += 1
        else:
            result.faults.append(f"{conversation.id}: {why}")
    return result


def _unexplained(
    template: JinjaTemplate,
    conversation: Conversation,
    error: RowError,
    expected: str | None,
    tokens: dict[str, str],
) -> str | None:
    """Why a reject has no good reason; None if it has one."""
    if error.code in (REFUSED, "template_limit") and expected is None:
        return None
    if error.code == DROPPED and expected is not None:
        marked, names = _marked(conversation, error.pointer)
        try:
            text = theirs(template, marked, tokens)[0]
        except Exception:  # templates raise whatever they like
            return None
        lost = any(name not in text for name in names)
        return None if lost else f"said to be left out but shown: {error.message}"
    return f"rejected as {error.code}: {error.message}"


def _marked(conversation: Conversation, pointer: str) -> tuple[Conversation, list[str]]:
    """The conversation with the words of what the pointer names replaced by names that occur
    nowhere else, and these names."""
    kind, number, *inner = pointer.strip("/").split("/")
    place = int(number)
    names: dict[str, str] = {}
    if kind == "tools":
        tools = list(conversation.tools)
        words = (tools[place].name, *(tools[place].parameters or {}).get("properties", ()))
        tools[place] = replace(tools[place], raw=_renamed(tools[place].raw, set(words), names))
        return replace(conversation, tools=tuple(tools)), list(names.values())
    messages = list(conversation.messages)
    message = messages[place]
    if inner:
        calls = list(message.tool_calls)
        call = calls[int(inner[1])]
        renamed = replace(
            call,
            name=_renamed(call.name, None, names),
            arguments=_renamed(call.arguments, None, names),
        )
        calls[int(inner[1])] = renamed
        messages[place] = replace(message, tool_calls=tuple(calls))
    else:
        messages[place] = replace(message, content=_renamed("words", None, names))
    return replace(conversation, messages=tuple(messages)), list(names.values())


def _renamed(value: Any, words: set[str] | None, names: dict[str, str]) -> Any:
    """The value with these of its texts (None: all) renamed, the new names put into `names`."""
    if isinstance(value, str):
        if words is not None and value not in words:
            return value
        return names.setdefault(value, f"zqx{len(names)}xqz")
    if isinstance(value, dict):
        return {
            _renamed(key, words, names): _renamed(item, words, names) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_renamed(item, words, names) for item in value]
    return value


def _wrongly_unusable(
    source: str, conversations: Sequence[Conversation], error: UsageError
) -> Iterator[str]:
    """Conversations that transformers renders with a template that we cannot load."""
    for conversation in conversations:
        chat = [{"role": m.role, "content": m.text} for m in conversation.messages]
        try:
            chat_template_utils.render_jinja_template(
                conversations=[chat], tools=None, chat_template=source, **TOKENS
            )
        except Exception:  # templates raise whatever they like
            continue
        yield f"{conversation.id}: {error.message}"
        return


def templates(shared: Path) -> Iterator[tuple[str, str, dict[str, str], tuple[str, ...]]]:
    """(name, source, special tokens by name, all special tokens) of every reference template."""
    for path in sorted((shared / "chat_templates").glob("*.jinja")):
        yield path.stem, path.read_bytes().decode(), TOKENS, ()
    for path in sorted((shared / "tokenizers").glob("*/chat_template.jinja")):
        document = orjson.loads((path.parent / "tokenizer.json").read_bytes())
        config = orjson.loads((path.parent / "tokenizer_config.json").read_bytes())
        tokens = {
            key: value["content"] if isinstance(value, dict) else value
            for key in ("bos_token", "eos_token")
            if (value := config.get(key))
        }
        special = tuple(t["content"] for t in document["added_tokens"] if t["special"])
        yield f"tokenizers/{path.parent.name}", path.read_bytes().decode(), tokens, special


def main(names: list[str]) -> int:
    if not (SHARED / "chat_templates").is_dir():
        print(f"no templates at {SHARED} (set AGENTDATA_SHARED)", file=sys.stderr)
        return 2
    conversations = [*OWN.values(), *real_rows(SHARED)]
    total = Result("all")
    for name, source, tokens, special in templates(SHARED):
        if names and name not in names:
            continue
        result = check(name, source, conversations, tokens, special)
        rejects = ", ".join(f"{n} {code}" for code, n in sorted(result.rejected.items()))
        print(
            f"{name:48} rendered {result.rendered:3} of {result.total}, equal {result.equal:3}, "
            f"spans {result.spans:3}{'; rejected ' if rejects else ''}{rejects}"
        )
        for fault in result.faults:
            print(f"    FAILED {fault}")
        for key in ("total", "rendered", "equal", "spans"):
            setattr(total, key, getattr(total, key) + getattr(result, key))
        total.rejected += result.rejected
        total.faults += result.faults
    rejects = ", ".join(f"{n} {code}" for code, n in sorted(total.rejected.items()))
    print(
        f"{total.rendered} of {total.total} rendered, {total.equal} texts equal, {total.spans} "
        f"spans right; rejected {rejects}; {len(total.faults)} failed"
    )
    return 1 if total.faults or not total.rendered else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
