"""`agentdata templates`: the prompt templates, with the model families they are for."""

from __future__ import annotations

import click

from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS


@click.command("templates")
def command() -> None:
    """List chat formats (--template) and agent templates (--agent-template).

    \b
    Example:
      agentdata templates
    """
    click.echo("--template")
    for chat_format in CHAT_FORMATS.values():
        own = f"agent template {chat_format.agent_template}"
        click.echo(f"  {chat_format.name:18} {chat_format.families} ({own})")
    click.echo("--agent-template")
    for agent_template in AGENT_TEMPLATES.values():
        click.echo(f"  {agent_template.name:18} {agent_template.summary}")
