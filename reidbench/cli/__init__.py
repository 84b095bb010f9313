"""The ``reidbench`` command; commands load when called, so that ``--help`` is instant."""

from __future__ import annotations

import io
import sys
from importlib import import_module

import click

from reidbench import __version__
from reidbench.errors import ReidbenchError

COMMANDS = {
    "run": "Run a suite and print its leaderboard.",
    "work": "Work on a suite beside others: any number of workers, no driver.",
    "plan": "Print a suite's trials and phases: what is done, what is left.",
    "status": "Print what a run has done, does now and has left: from any terminal.",
    "curves": "Show how trials trained: loss and learning rate, phase after phase.",
    "leaderboard": "Print and write the leaderboard of a folder of results.",
    "site": "Write the leaderboard as pages for a browser.",
    "reproduce": "Run published trials again and say whether they agree.",
    "results": "Pack the results of a folder into one file, or take them out again.",
    "submit": "Prepare the results of a run to be published, and say what is missing.",
    "check": "Check results that are to be published: every number, without running anything.",
    "groups": "List a network's channel groups, and how far each scope can be pruned.",
    "prune": "Prune a network of your own to a share of its MACs.",
    "export": "Write a trial's network for ONNX, torch.export or OpenVINO.",
    "profile": "Time pruned networks beside their dense ones.",
    "search": "Draw what a network finds in a gallery.",
    "new": "Write a plugin of your own that works at once: code, tests, suite, CI.",
    "plugins": "List every method, backbone and data set, and plugins that failed to load.",
    "data": "List data sets, check those on disk, draw stand-ins for those you lack.",
    "store": "List the networks and measurements that are kept, check them, make room.",
    "cards": "Print a page a method: formula, cost, and every deviation from its source.",
    "protocols": "List the protocols, print the rules of one, write one of your own.",
    "schema": "Print the JSON schema of suite files.",
}
GROUPS = ("data", "plugins", "results", "store")
"""Commands with commands of their own, each in a folder."""


class LazyGroup(click.Group):
    """A group that imports a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command called ``cmd_name``."""
        if cmd_name not in COMMANDS:
            return None
        home = f"reidbench.cli.{cmd_name}"
        module = import_module(f"{home}.command" if cmd_name in GROUPS else home)
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line a command, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reidbench")
def cli() -> None:
    """Benchmark structured pruning of person re-ID networks at FLOP reductions that match.

    \b
    Start here:
      reidbench run quickstart               train, prune, retrain and rank
      reidbench plan quickstart              see what that would do
      reidbench leaderboard runs/quickstart  print the table again
    """  # noqa: D301 - click wants the character, not the two letters


def main() -> None:
    """Run the command line: 0 done, 1 some trial failed, 2 wrong input, 130 interrupted."""
    _replace_what_cannot_be_written()
    try:
        sys.exit(cli.main(prog_name="reidbench", standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (ReidbenchError, OSError) as error:
        click.echo(f"reidbench: {error}", err=True)
        sys.exit(2)


def _replace_what_cannot_be_written() -> None:
    """Let no letter that a terminal or file has no code for end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")
