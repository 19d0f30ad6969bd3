"""`agentdata verify`: whether a compiled directory is whole and true."""

from __future__ import annotations

from pathlib import Path

import click

from agentdata.shards.verify import VerifyReport, verify


@click.command("verify")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(directory: Path, as_json: bool) -> int:
    """Check every byte and every row of a compiled DIR against its manifest.

    Checksums, columns, lengths, ids within the vocabulary, weights, labels, ids that occur twice,
    and whether every row that was read is accounted for. Exits with 1 where there is a fault.

    \b
    Example:
      agentdata verify shards
    """
    report = verify(directory)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    else:
        _print(report)
    return 0 if report.is_whole else 1


def _print(report: VerifyReport) -> None:
    for fault in report.faults:
        click.echo(f"{fault.path}: {fault.code}: {fault.message}")
    looked = f"{report.shards} shards, {report.rows:,} rows, {report.tokens:,} tokens"
    if report.is_whole:
        click.echo(f"{report.directory} is whole: {looked}")
    else:
        click.echo(
            f"{report.directory} is damaged: {sum(report.codes.values())} faults in {looked}; "
            "compile it again or copy it again"
        )
