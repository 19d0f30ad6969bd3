"""`agentdata templates`: the prompt templates, and what each makes of a sample conversation."""

from __future__ import annotations

from typing import Any

import click
import orjson
from rich.console import Console
from rich.text import Text

from agentdata.errors import RowError, UsageError
from agentdata.templates import Prompt, get_template, render
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS
from agentdata.templates.jinja import load_jinja
from agentdata.templates.prompt import Kind, Segment
from agentdata.templates.sample import PLAIN_SAMPLE, SAMPLE

COLOURS = {
    Kind.BOS: "bright_black",
    Kind.SYSTEM: "blue",
    Kind.TOOLS: "cyan",
    Kind.USER: "yellow",
    Kind.HEADER: "bright_black",
    Kind.REASONING: "magenta",
    Kind.CONTENT: "green",
    Kind.TOOL_CALL: "bright_green",
    Kind.TOOL_RESULT: "bright_yellow",
    Kind.END_OF_TURN: "red",
    Kind.MEDIA: "bright_blue",
}
"""In a terminal; trained text is bold."""


@click.group("templates", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List chat formats (--template) and agent templates (--agent-template), or show one.

    \b
    Example:
      agentdata templates
      agentdata templates show qwen3
    """
    if context.invoked_subcommand is not None:
        return
    if as_json:
        click.echo(_json({"templates": _formats(), "agent_templates": _agent_templates()}))
        return
    click.echo("--template")
    for row in _formats():
        click.echo(f"  {row['name']:18} {row['families']} (agent template {row['agent_template']})")
    click.echo("--agent-template")
    for row in _agent_templates():
        click.echo(f"  {row['name']:18} {row['summary']}")


@command.command("show")
@click.argument("name")
@click.option("--agent-template", default="auto", help="How calls are written; auto: its own.")
@click.option("--json", "as_json", is_flag=True, help="Print the spans as JSON.")
def show(name: str, agent_template: str, as_json: bool) -> None:
    """Show what template NAME makes of a sample conversation, and which of it is trained.

    NAME is a chat format, an agent template (on a chat format of its own, else on ChatML) or a
    .jinja file; one that knows no tools gets a sample without. In a terminal each kind of span has
    a colour, and trained text is bold; elsewhere each span is a line: kind, + where it is trained,
    and the text in quotes.

    \b
    Example:
      agentdata templates show qwen2_5 --agent-template react_en
    """
    title, prompt = prompt_of(name, agent_template)
    if as_json:
        click.echo(_json({"template": title, "text": prompt.text, "spans": _spans(prompt)}))
        return
    console = Console(highlight=False)
    if console.is_terminal:
        print_coloured(console, title, prompt)
        return
    for segment in prompt.segments:
        click.echo(f"{segment.kind:12} {'+' if segment.trainable else ' '} {segment.text!r}")


def prompt_of(name: str, agent_template: str) -> tuple[str, Prompt]:
    """What to call a template, and its prompt of the sample."""
    if name.endswith(".jinja"):
        if agent_template != "auto":
            raise UsageError(
                "bad_option",
                "--agent-template: a .jinja file writes calls by itself",
                remedy="leave it out, or name a chat format",
            )
        # Tokens that the file's tokenizer would bring are shown by their names.
        tokens = {"bos_token": "<bos_token>", "eos_token": "<eos_token>"}
        template = load_jinja(name, tokens=tokens)
        try:
            return name, template.render(SAMPLE)
        except RowError as error:
            click.echo(f"shown without tools and system prompt: {error.message}", err=True)
            return name, template.render(PLAIN_SAMPLE)
    chat_format = name
    if name not in CHAT_FORMATS and name in AGENT_TEMPLATES and agent_template == "auto":
        own = [f.name for f in CHAT_FORMATS.values() if f.agent_template == name]
        chat_format, agent_template = (own or ["chatml"])[0], name
    pair = get_template(chat_format, agent_template)
    return pair.name, render(SAMPLE, pair)


def print_coloured(console: Console, title: str, prompt: Prompt) -> None:
    kinds = {segment.kind for segment in prompt.segments}
    legend = Text(f"{title}: ")
    for kind, colour in COLOURS.items():
        if kind in kinds:
            legend.append(f"{kind} ", style=colour)
    legend.append("(bold: trained)", style="bold")
    console.print(legend, soft_wrap=True)
    body = Text()
    for segment in prompt.segments:
        body.append(segment.text, style=_style(segment))
    console.print(body, soft_wrap=True)


def _style(segment: Segment) -> str:
    return COLOURS[segment.kind] + (" bold" if segment.trainable else "")


def _spans(prompt: Prompt) -> list[dict[str, Any]]:
    """Each span with its place in the text in characters."""
    spans, start = [], 0
    for segment in prompt.segments:
        end = start + len(segment.text)
        spans.append(
            {
                "start": start,
                "end": end,
                "kind": str(segment.kind),
                "trained": segment.trainable,
                "message": segment.message,
                "text": segment.text,
            }
        )
        start = end
    return spans


def _formats() -> list[dict[str, str]]:
    return [
        {"name": f.name, "families": f.families, "agent_template": f.agent_template}
        for f in CHAT_FORMATS.values()
    ]


def _agent_templates() -> list[dict[str, str]]:
    return [{"name": t.name, "summary": t.summary} for t in AGENT_TEMPLATES.values()]


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
