"""JSON Schemas of what goes in and comes out; `python -m agentdata.schemas` writes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from agentdata.conversation import Conversation
from agentdata.formats import FORMATS
from agentdata.recipe import Recipe
from agentdata.shards.manifest import Manifest

DIRECTORY = Path("schemas")


def schemas() -> dict[str, dict[str, Any]]:
    """{file name: JSON Schema (2020-12)} of the conversation, the raw rows, the recipe and the
    manifest."""
    models: dict[str, Any] = {
        "conversation": Conversation,
        "manifest": Manifest,
        "recipe": Recipe,
    }
    models |= {f"raw_{name}": format_.row_model for name, format_ in FORMATS.items()}
    return {
        f"{name}.json": {
            "$schema": GenerateJsonSchema.schema_dialect,
            **TypeAdapter(model).json_schema(),
        }
        for name, model in sorted(models.items())
    }


def to_json(schema: dict[str, Any]) -> bytes:
    """The canonical bytes of a schema: keys sorted, indented, a newline at the end."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(schema, option=options)


def write(directory: Path = DIRECTORY) -> list[Path]:
    """Write all schemas into a directory and return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in schemas().items():
        path = directory / name
        path.write_bytes(to_json(schema))
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in write(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY):
        print(written)
