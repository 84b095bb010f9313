"""``reidbench protocols``: the published rules of measurement and training."""

from __future__ import annotations

import click
import yaml
from tabulate import tabulate

from reidbench.config.protocol import load_protocol, protocol_names


@click.command("protocols")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the published protocols, or print all rules of the one called NAME."""
    if name is not None:
        protocol = load_protocol(name)
        click.echo(f"# sha256 {protocol.digest}")
        click.echo(yaml.safe_dump(protocol.model_dump(mode="json"), sort_keys=False), nl=False)
        return
    rows = [
        (protocol.name, protocol.digest[:12], protocol.summary)
        for protocol in map(load_protocol, protocol_names())
    ]
    click.echo(tabulate(rows, headers=("protocol", "sha256", "summary")))
