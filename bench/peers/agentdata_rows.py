"""agentdata: `compile` with one worker, with the template named."""

from __future__ import annotations

from job import Encoded, Job, measure

from agentdata import ShardDataset
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe


def work(job: Job) -> Encoded:
    recipe = make_recipe(
        {
            "sources": [str(job.rows)],
            "tokenizer": str(job.tokenizer),
            "template": job.template,
            "workers": 1,
        }
    )
    compile_recipe(recipe, job.scratch / "shards")
    rows = ShardDataset(job.scratch / "shards")
    return ((row["input_ids"], row["loss_weights"]) for row in rows)


measure(work, ("agentdata", "tokenizers"), untrained=0)
