"""Whether a model in training calls tools as the validation rows do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from agentdata.assets import tokenizer_dir
from agentdata.errors import AgentDataError, UsageError
from agentdata.evaluation.expected import ExpectedTurn, expected_call
from agentdata.evaluation.figures import FIGURES, added, turn_sums, values
from agentdata.evaluation.judge import judge
from agentdata.evaluation.predicted import PredictedTurn, parse_turn
from agentdata.shards.manifest import Manifest
from agentdata.shards.reader import ShardDataset
from agentdata.templates import Template
from agentdata.templates.choose import Choice, choose_template
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.jinja import JinjaTemplate
from agentdata.templates.parse import AnyTemplate
from agentdata.templates.template import PromptTemplate
from agentdata.tokenization import load_tokenizer
from agentdata.tokenization.tokenizer import LoadedTokenizer
from agentdata.training.data import TrainSequence, sequences
from agentdata.training.generate import greedy
from agentdata.training.step import Engine

SPARE_TOKENS = 32
"""A turn is given up so many tokens past the length of the reference."""


@dataclass(frozen=True)
class CallTurn:
    """A trained run of a validation sequence: what stands before it, and what it is."""

    prompt: list[int]
    reference: list[int]


@dataclass(frozen=True)
class CallCheck:
    """Turns of this process, and how their text is read."""

    turns: list[CallTurn]
    tokenizer: LoadedTokenizer
    template: AnyTemplate
    stops: frozenset[int]

    def figures(self, engine: Engine) -> dict[str, float | None]:
        """The figures of `agentdata eval` over the turns of all processes.

        Shards hold no tools, so there is none of `schema_valid` and `hallucinated`.
        """
        engine.model.module.eval()
        verdicts = (judge(self.expected(turn), self.predicted(turn, engine)) for turn in self.turns)
        sums = added(turn_sums(verdict) for verdict in verdicts)
        total = np.array(engine.world.sums(sums.ravel().tolist())).reshape(len(FIGURES), 2)
        return {name: value for name, value in values(total).items() if value is not None}

    def expected(self, turn: CallTurn) -> ExpectedTurn:
        """What the turn says in the reference."""
        said = self._read(turn.reference)
        calls = tuple(
            expected_call(call, url=url) for call, url in zip(said.calls, said.urls, strict=True)
        )
        return ExpectedTurn(0, calls, bool(calls), (said.content,) if said.content else ())

    def predicted(self, turn: CallTurn, engine: Engine) -> PredictedTurn:
        """What the model says in its place."""
        device = engine.world.device
        most_tokens = len(turn.reference) + SPARE_TOKENS
        lower = engine.dtype != torch.float32
        with torch.autocast(device.type, dtype=engine.dtype, enabled=lower):
            made = greedy(engine.model, turn.prompt, self.stops, most_tokens, device)
        return self._read(made)

    def _read(self, ids: Sequence[int]) -> PredictedTurn:
        text = self.tokenizer.backend.decode(list(ids), skip_special_tokens=False)
        return parse_turn(text, self.template)


def call_check(
    data: ShardDataset, turns: int, *, rank: int, size: int, max_length: int | None
) -> CallCheck:
    """The first `turns` turns of a validation split; of them, the share of process `rank`.

    Raises UsageError `no_call_parser`, `bad_tokenizer`; AgentDataError `other_tokenizer` where the
    tokenizer that the manifest names is not the one that the shards were compiled with, and
    `nothing_to_generate`.
    """
    tokenizer = _tokenizer(data.manifest)
    chosen = _template(data.manifest, tokenizer)
    template = chosen.template if isinstance(chosen, HandWritten) else chosen
    if not isinstance(template, Template | JinjaTemplate):
        raise UsageError("no_call_parser", f"--eval-calls: {chosen.name} cannot be read back")
    parse_turn("", template)
    found = list(islice(_turns(data, max_length), turns))
    if not found:
        raise AgentDataError(
            "nothing_to_generate",
            f"--eval-calls: no row of the split validation of {data.directory} has a trained turn",
            remedy="compile with another --loss-scale, or leave --eval-calls out",
        )
    marks = {chosen.last_stop(calls) for calls in (True, False)}
    known = (tokenizer.backend.token_to_id(mark.strip()) for mark in marks if mark)
    stops = frozenset(token for token in known if token is not None)
    return CallCheck(found[rank::size], tokenizer, template, stops)


def _turns(data: ShardDataset, max_length: int | None) -> Iterator[CallTurn]:
    for row in data:
        for sequence in sequences(row):
            if max_length is None or len(sequence.input_ids) <= max_length:
                yield from trained_runs(sequence)


def trained_runs(sequence: TrainSequence) -> Iterator[CallTurn]:
    """The runs of tokens with a weight above 0, in order.

    >>> sequence = TrainSequence(np.arange(5, dtype=np.int32), np.float32([0, 1, 2, 0, 1]))
    >>> [(run.prompt, run.reference) for run in trained_runs(sequence)]
    [([0], [1, 2]), ([0, 1, 2, 3], [4])]
    """
    trained = np.concatenate(([False], sequence.weights > 0, [False]))
    edges = np.flatnonzero(trained[1:] != trained[:-1])
    ids: list[int] = sequence.input_ids.tolist()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield CallTurn(ids[:start], ids[start:stop])


def _template(manifest: Manifest, tokenizer: LoadedTokenizer) -> PromptTemplate:
    recipe = manifest.recipe
    return choose_template(
        Choice(
            recipe["template"],
            recipe["agent_template"],
            recipe.get("template_arg") or {},
            recipe.get("template_date"),
            recipe.get("train_injected", False),
        ),
        tokenizer.directory,
        bos=tokenizer.bos,
        special=tokenizer.special_tokens,
        count_tokens=tokenizer.count_tokens,
    )


def _tokenizer(manifest: Manifest) -> LoadedTokenizer:
    name: Any = manifest.recipe.get("tokenizer")
    if name is None:
        raise UsageError("no_tokenizer", "--eval-calls: the manifest names no tokenizer")
    tokenizer = load_tokenizer(str(tokenizer_dir()) if name == "bundled" else name)
    if tokenizer.fingerprint != manifest.fingerprints.get("tokenizer"):
        raise AgentDataError(
            "other_tokenizer",
            f"--eval-calls: {name} is not the tokenizer that the shards were compiled with",
            remedy="put the same tokenizer there, or compile again",
        )
    return tokenizer
