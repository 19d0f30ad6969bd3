"""Where a chat template itself wrote the model's tokens for media."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentdata.conversation import Conversation, Message, Part
from agentdata.errors import AgentDataError, RowError
from agentdata.media.base import MediaType, Run
from agentdata.media.place import Found
from agentdata.media.places import placed
from agentdata.templates.prompt import Prompt
from agentdata.templates.template import PromptTemplate


def writes_marks(template: PromptTemplate, run: Run) -> bool:
    """Whether a template writes the token for an image that is a part of a message. One that does
    may put it elsewhere than the message has it, or words beside it."""
    parts = (Part("text", "What is "), Part("image", media=0), Part("text", " this?"))
    sample = Conversation("", (Message("user", parts), Message("assistant", "A cat.")))
    try:
        prompt = template.render(sample)
    except AgentDataError:
        return False
    return sum(s.text.count(run.token) for s in prompt.segments if s.control) == 1


def marks(prompt: Prompt, row: Conversation, runs: Mapping[MediaType, Run]) -> list[Found]:
    """The tokens that the template wrote, each with the item of `row` that it is for, and with
    what opens and closes it where that was written too.

    Raises RowError `media_mismatch` where they are not as many as the items.
    """
    waiting: dict[str, list[int]] = {}
    for number in placed(row)[::-1]:
        waiting.setdefault(row.media[number].type, []).append(number)
    pattern = re.compile("|".join(re.escape(run.token) for run in runs.values()))
    kinds = {run.token: kind for kind, run in runs.items()}
    found: list[Found] = []
    start = 0
    for segment in prompt.segments:
        for match in pattern.finditer(segment.text) if segment.control else ():
            kind = kinds[match[0]]
            if not waiting.get(kind):
                raise _mismatch("more than there are")
            begin, end = match.span()
            run = runs[kind]
            if segment.text[:begin].endswith(run.before):
                begin -= len(run.before)
            if segment.text.startswith(run.after, end):
                end += len(run.after)
            found.append(Found(start + begin, start + end, waiting[kind].pop()))
        start += len(segment.text)
    if any(waiting.values()):
        raise _mismatch("less than there are")
    return found


def _mismatch(what: str) -> RowError:
    return RowError("media_mismatch", f"the template wrote {what} of the row's media")
