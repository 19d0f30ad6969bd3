"""All reference templates: text as transformers writes it, spans as TRL's tagged twins have them.

`make parity` runs them on more conversations and prints a table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja_cases import OWN
from jinja_parity import DATE, TOKENS, check, templates, theirs

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.templates.jinja import JinjaTemplate, load_jinja
from agentdata.templates.prompt import Prompt

pytestmark = pytest.mark.parity

CHOSEN = [
    OWN[name]
    for name in (
        "three rounds",
        "reasoning in history",
        "call with system",
        "parallel calls",
        "thinking and calling",
        "special letters",
    )
]

TWINS = (
    "cohere", "cohere2", "deepseekv3", "diffusion_gemma", "gemma", "gemma3", "glm4moe", "gptoss",
    "idefics3", "lfm2", "llama3", "llava_next", "nemotron_3_nano", "nemotron_3_super",
    "nemotron_3_ultra", "phi3", "phi3_5", "qwen2_5", "qwen2_5_vl", "qwen3", "qwen3_5_nothink",
    "qwen3_5_think", "qwen3_6", "qwen3_instruct_2507", "qwen3_vl",
)  # fmt: skip

AFTER_STOP = "it follows the stop: generation has ended before it"
SERVER_WRITES = "the server's prompt ends with it: the model never writes it"
INJECTED = "the template puts an empty think block there by itself; see train_injected"
OPENED_AND_INJECTED = "the server's prompt opens the block, and the template closes it empty"
EMPTY_ANALYSIS = "the head of the message after an empty analysis, which servers write"

# (twin, or ANY) and the text, as a pattern, that the twin trains and we do not, with the reason.
DIFFERENCES: tuple[tuple[str, str, str], ...] = (
    (r"qwen.*|gemma.*|diffusion_gemma|idefics3|lfm2|nemotron.*|phi3.*", r"\n", AFTER_STOP),
    (r"phi3.*", r"\n</s>", AFTER_STOP),
    (r"llava_next", r" ", AFTER_STOP),
    (r"deepseekv3", r"<｜Assistant｜>", SERVER_WRITES),
    (r"gptoss", r"<\|start\|>assistant", SERVER_WRITES),
    (r"gptoss", r"<\|start\|>assistant<\|channel\|>analysis.*", EMPTY_ANALYSIS),
    (r"nemotron.*|qwen3_5.*|qwen3_6", r"<think>\n?", SERVER_WRITES),
    (r"nemotron.*|qwen3_5_think|qwen3_6", r"<think>\n*</think>\n*", OPENED_AND_INJECTED),
    (r"qwen3_5_nothink", r"<think>\n\n</think>\n\n", SERVER_WRITES),
    (r"qwen3|glm4moe", r"\n?<think>\n*</think>\n*", INJECTED),
)

# Twins that are templates of their own, so that most texts differ: why.
OTHER_TEXT = {
    "glm4moe": "writes the mark of the next turn as part of the model's, also after the last",
    "qwen3": "writes a think block in earlier turns too",
    "qwen3_5_nothink": "writes a think block in earlier turns too",
    "qwen3_5_think": "writes a think block in earlier turns too",
    "qwen3_6": "writes a think block in earlier turns too",
}


@pytest.fixture(scope="module")
def sources(shared: Path) -> dict[str, str]:
    return {name: source for name, source, _, _ in templates(shared)}


@pytest.mark.parametrize("share", range(8))
def test_every_reference_template_is_equal_or_rejects_for_a_reason(
    shared: Path, share: int
) -> None:
    results = [
        check(name, source, CHOSEN, tokens, special)
        for number, (name, source, tokens, special) in enumerate(templates(shared))
        if number % 8 == share
    ]
    assert {r.name: r.faults for r in results if r.faults} == {}
    assert len(results) >= 23
    rendered = sum(result.rendered for result in results)
    assert rendered == sum(r.equal for r in results) == sum(r.spans for r in results)
    assert rendered >= 80


@pytest.mark.parametrize("twin", TWINS)
def test_spans_are_those_of_the_tagged_twin(sources: dict[str, str], twin: str) -> None:
    plain = load_jinja(sources[f"trl-{twin}"], tokens=TOKENS, date=DATE)
    tagged = load_jinja(sources[f"trl-{twin}_training"], tokens=TOKENS, date=DATE)
    compared = 0
    unexplained: Counter[tuple[str, str]] = Counter()
    for conversation in OWN.values():
        expected = tagged_mask(tagged, conversation)
        if expected is None:
            continue
        text, mask = expected
        assert mask_of(tagged.render(conversation)) == mask
        try:
            prompt = plain.render(conversation)
        except RowError:
            continue
        if prompt.text != text:
            assert twin in OTHER_TEXT
            continue
        compared += 1
        for ours, piece in differences(mask_of(prompt), mask, text):
            if ours or not explained(twin, piece):
                unexplained["ours" if ours else "theirs", piece] += 1
    assert not unexplained
    assert compared >= (1 if twin in OTHER_TEXT else 8)


def tagged_mask(tagged: JinjaTemplate, conversation: Conversation) -> tuple[str, list[bool]] | None:
    """The text and generation mask by transformers; None where we reject the row."""
    try:
        tagged.render(conversation)
    except RowError:
        return None
    text, spans = theirs(tagged, conversation)
    mask = [False] * len(text)
    for start, end in spans:
        mask[start:end] = [True] * (end - start)
    return text, mask


def mask_of(prompt: Prompt) -> list[bool]:
    return [s.trainable for s in prompt.segments for _ in s.text]


def differences(ours: list[bool], theirs: list[bool], text: str) -> Iterator[tuple[bool, str]]:
    """(whether we train it, text) of each stretch that one trains and the other does not."""
    start = 0
    while start < len(text):
        if ours[start] == theirs[start]:
            start += 1
            continue
        end = start
        while end < len(text) and ours[end] != theirs[end] and ours[end] == ours[start]:
            end += 1
        yield ours[start], text[start:end]
        start = end


def explained(twin: str, piece: str) -> bool:
    return any(
        re.fullmatch(name, twin) and re.fullmatch(pattern, piece, re.DOTALL)
        for name, pattern, _ in DIFFERENCES
    )


def test_every_listed_difference_occurs(sources: dict[str, str]) -> None:
    found: set[tuple[str, str]] = set()
    for twin in TWINS:
        plain = load_jinja(sources[f"trl-{twin}"], tokens=TOKENS, date=DATE)
        tagged = load_jinja(sources[f"trl-{twin}_training"], tokens=TOKENS, date=DATE)
        for conversation in OWN.values():
            expected = tagged_mask(tagged, conversation)
            try:
                prompt = plain.render(conversation)
            except RowError:
                continue
            if expected is not None and expected[0] == prompt.text:
                pieces = differences(mask_of(prompt), expected[1], prompt.text)
                found |= {(twin, piece) for _, piece in pieces}
    for name, pattern, reason in DIFFERENCES:
        assert any(
            re.fullmatch(name, twin) and re.fullmatch(pattern, piece, re.DOTALL)
            for twin, piece in found
        ), (name, pattern, reason)
