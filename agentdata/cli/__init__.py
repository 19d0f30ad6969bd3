"""The command line: parse options, call one function, print its result."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import signal
import sys

import click

from agentdata import __version__
from agentdata.errors import AgentDataError, UsageError


class _Commands(click.Group):
    """Commands are the modules beside this one, loaded when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            module.name.removesuffix("_")
            for module in pkgutil.iter_modules(__path__)
            if not module.name.startswith("_")
        )

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        for module_name in (name, f"{name}_"):
            if importlib.util.find_spec(f"{__name__}.{module_name}"):
                command = importlib.import_module(f"{__name__}.{module_name}").command
                assert isinstance(command, click.Command)
                return command
        return None


@click.command(cls=_Commands)
@click.version_option(__version__)
def main_group() -> None:
    """Turn raw agent conversations into training shards, and train on them.

    \b
    Example:
      agentdata compile chats.jsonl --tokenizer ./qwen2.5 --template qwen2_5 --out shards
      agentdata stats shards
      agentdata train shards --model tiny --steps 100
    """


def main() -> None:
    """The entry point. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 over the reject rate;
    130 after Ctrl-C, 143 after SIGTERM."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = main_group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except AgentDataError as error:
        print(f"agentdata: {error} [{error.code}]", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except _TerminatedError:
        print("agentdata: terminated", file=sys.stderr)
        sys.exit(143)
    except (click.Abort, KeyboardInterrupt):
        print("agentdata: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)


class _TerminatedError(BaseException):
    """The system asks for an end: whatever is open is closed on the way out."""


def _terminate(number: int, frame: object) -> None:
    raise _TerminatedError
