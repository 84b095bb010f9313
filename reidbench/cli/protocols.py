"""``reidbench protocols``: the rules of measurement and training, and new ones to edit."""

from __future__ import annotations

from pathlib import Path

import click
import yaml
from tabulate import tabulate

from reidbench.cli.options import installed, shared
from reidbench.config.own_protocol import write_like
from reidbench.config.protocol import caveat, load_protocol, protocol_names
from reidbench.plugins.protocols import find_protocol, plugin_protocols


class _NamesOrCommands(click.Group):
    """A group whose first word may be the name of a protocol in place of a command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take a word that is no command for a protocol to print."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["show", *args])


@click.group("protocols", cls=_NamesOrCommands, invoke_without_command=True)
@shared("disabled")
@click.pass_context
def command(context: click.Context, disabled: tuple[str, ...]) -> None:
    """List the published protocols and those of plugins.

    With a NAME or a file, print all its rules: reidbench protocols mini/1

    With 'new', write a protocol of your own to edit: reidbench protocols new --like reid/1 my.yaml
    """
    context.obj = disabled
    if context.invoked_subcommand is not None:
        return
    protocols = [*map(load_protocol, protocol_names()), *plugin_protocols(installed(disabled))]
    rows = [(protocol.name, protocol.digest[:12], protocol.summary) for protocol in protocols]
    click.echo(tabulate(rows, headers=("protocol", "sha256", "summary")))


@command.command("show", hidden=True)
@click.argument("name")
@click.pass_obj
def show(disabled: tuple[str, ...], name: str) -> None:
    """Print all rules of the protocol called NAME, or of a file."""
    protocol = find_protocol(name, installed(disabled), Path())
    click.echo(f"# sha256 {protocol.digest}")
    if known := caveat(protocol.name, protocol.digest):
        click.echo(f"# {known}")
    click.echo(yaml.safe_dump(protocol.model_dump(mode="json"), sort_keys=False), nl=False)


@command.command("new")
@click.option("--like", required=True, metavar="NAME", help="The protocol, or file, to begin with.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def new(disabled: tuple[str, ...], like: str, file: Path) -> None:
    """Write a protocol of your own to FILE, with the rules of another one, to be edited."""
    name = write_like(find_protocol(like, installed(disabled), Path()), file)
    click.echo(
        f"written: {file}, protocol {name}; change its rules, and name it in a suite beside it: "
        f"'protocol: ./{file.name}'",
        err=True,
    )
