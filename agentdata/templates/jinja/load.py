"""Loads chat templates: a file, a text, or the one that a tokenizer brings along."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from agentdata.errors import UsageError
from agentdata.templates.jinja.template import JinjaTemplate, Settings

DEFAULT_DATE = datetime.date(2024, 7, 26)
"""The day that templates which ask for today's date are told: the one that Llama 3's templates
name where they know no clock. Never the day of the run, so that a run can be repeated."""

_TOKEN_NAMES = (
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
)


def load_jinja(
    source: str | Path,
    *,
    tokens: Mapping[str, str] | None = None,
    special: Sequence[str] = (),
    date: datetime.date | str | None = None,
    options: Mapping[str, Any] | None = None,
    train_injected: bool = False,
) -> JinjaTemplate:
    """The template in a `.jinja` file, or the template that `source` is (a text with `{{` or
    `{%`).

    `tokens` are the special tokens that it may write, by name ({"bos_token": "<s>"}), `special`
    all special tokens of the tokenizer, which tell a stop token from other marks. `date` (ISO) is
    the day that `strftime_now` tells, by default `DEFAULT_DATE`. `options` are
    `chat_template_kwargs` for all rows, such as {"enable_thinking": False}; a row's own win.
    `train_injected` trains what the template adds to the model's turn by itself, such as empty
    think blocks. Raises UsageError `bad_template`, `bad_date`.

    >>> marks = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}"
    >>> load_jinja(marks).stop_token
    '</s>'
    """
    text, name = _read(source)
    settings = Settings(
        tokens=dict(tokens or {}),
        special=tuple(special),
        date=_date(date),
        options=dict(options or {}),
        train_injected=train_injected,
    )
    return JinjaTemplate(text, settings, name)


def tokenizer_templates(directory: str | Path) -> dict[str, str]:
    """The chat templates that a tokenizer's directory (or its tokenizer.json's) brings, by name;
    the main one is `default`. {} if it brings none.

    They lie in chat_template.jinja and additional_chat_templates/NAME.jinja, or else in
    tokenizer_config.json. Source: transformers' way of loading them. Raises UsageError
    `bad_template`.
    """
    folder = _folder(directory)
    named: dict[str, str] = {}
    if (folder / "chat_template.jinja").is_file():
        named["default"] = _read(folder / "chat_template.jinja")[0]
    for file in sorted((folder / "additional_chat_templates").glob("*.jinja")):
        named[file.stem] = _read(file)[0]
    if named:
        return named
    listed = _config(folder).get("chat_template")
    if isinstance(listed, str):
        return {"default": listed}
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and isinstance(item.get("template"), str):
            named[str(item.get("name"))] = item["template"]
    return named


def tokenizer_tokens(directory: str | Path) -> dict[str, str]:
    """The special tokens by name that a tokenizer's tokenizer_config.json gives to templates, in
    the form of `load_jinja`'s `tokens`; special_tokens_map.json fills in what it lacks."""
    folder = _folder(directory)
    found: dict[str, str] = {}
    for config in (_config(folder), _config(folder, "special_tokens_map.json")):
        for key in _TOKEN_NAMES:
            value = config.get(key)
            content = value.get("content") if isinstance(value, dict) else value
            if isinstance(content, str):
                found.setdefault(key, content)
    return found


def load_tokenizer_template(
    directory: str | Path,
    *,
    special: Sequence[str] = (),
    date: datetime.date | str | None = None,
    options: Mapping[str, Any] | None = None,
    train_injected: bool = False,
) -> JinjaTemplate | None:
    """The tokenizer's own chat template, with the special tokens of its configuration; None if it
    has none. A `tool_use` template renders rows with tools. Raises as `load_jinja`."""
    named = tokenizer_templates(directory)
    if not named:
        return None
    settings = Settings(
        tokens=tokenizer_tokens(directory),
        special=tuple(special),
        date=_date(date),
        options=dict(options or {}),
        train_injected=train_injected,
    )
    label = f"{_folder(directory).name}'s own"
    for_tools = None
    if "tool_use" in named:
        for_tools = JinjaTemplate(named["tool_use"], settings, f"{label}, tool_use")
    if "default" not in named:
        return for_tools or JinjaTemplate(next(iter(named.values())), settings, label)
    return JinjaTemplate(named["default"], settings, label, for_tools)


def _folder(directory: str | Path) -> Path:
    path = Path(directory)
    return path if path.is_dir() else path.parent


def _config(folder: Path, name: str = "tokenizer_config.json") -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        return {}
    try:
        config = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UsageError("bad_template", f"{path}: not JSON: {error}") from None
    return config if isinstance(config, dict) else {}


def _read(source: str | Path) -> tuple[str, str]:
    """(text of the template, name to call it by)."""
    if isinstance(source, str) and ("{{" in source or "{%" in source):
        return source, "template"
    path = Path(source)
    try:
        return path.read_bytes().decode(), path.name
    except OSError as error:
        raise UsageError(
            "bad_template",
            f"--template {source}: {error.strerror or error}",
            remedy="name a .jinja file, or a template of `agentdata templates`",
        ) from None
    except UnicodeDecodeError:
        raise UsageError("bad_template", f"--template {source}: not UTF-8 text") from None


def _date(date: datetime.date | str | None) -> datetime.date:
    if date is None:
        return DEFAULT_DATE
    if isinstance(date, datetime.date):
        return date
    try:
        return datetime.date.fromisoformat(date)
    except ValueError:
        raise UsageError(
            "bad_date", f"--template-date {date}: not a date", remedy="such as 2024-07-26"
        ) from None
