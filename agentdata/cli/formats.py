"""`agentdata formats`: the raw formats that are read."""

from __future__ import annotations

import click

from agentdata.formats import FORMATS


@click.command("formats")
def command() -> None:
    """List the raw formats.

    \b
    Example:
      agentdata formats
    """
    for format_ in FORMATS.values():
        click.echo(f"{format_.name:16} {format_.summary}")
