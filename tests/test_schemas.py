"""The committed JSON Schemas are the current ones, are valid, and accept real rows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import jsonschema
import orjson
import pytest

from agentdata.formats import FORMATS
from agentdata.json_text import loads
from agentdata.schemas import schemas, to_json, write

ROOT = Path(__file__).parents[1]
SCHEMAS = schemas()
GOLDEN = sorted((Path(__file__).parent / "formats" / "golden").glob("*/*.json"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_committed_schema_is_current(name: str) -> None:
    committed = (ROOT / "schemas" / name).read_bytes()
    assert committed == to_json(SCHEMAS[name]), "run: python -m agentdata.schemas"


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_every_format_has_a_schema_and_no_other_is_left_over() -> None:
    committed = {path.name for path in (ROOT / "schemas").glob("*.json")}
    assert {f"raw_{name}.json" for name in FORMATS} <= committed
    assert SCHEMAS.keys() <= committed


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_rows_and_conversations_fit_their_schemas(path: Path) -> None:
    row = loads(path.read_bytes())["row"]
    conversation = FORMATS[path.parent.name].read(row)
    # Through JSON, where tuples are arrays.
    plain = orjson.loads(orjson.dumps(asdict(conversation)))
    for value, name in ((row, f"raw_{path.parent.name}.json"), (plain, "conversation.json")):
        jsonschema.Draft202012Validator(SCHEMAS[name]).validate(value)


def test_write_writes_what_schemas_holds(tmp_path: Path) -> None:
    written = write(tmp_path / "new")
    assert {path.name: path.read_bytes() for path in written} == {
        name: to_json(schema) for name, schema in SCHEMAS.items()
    }
