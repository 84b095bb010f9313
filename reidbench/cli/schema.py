"""``reidbench schema``: for editors that check YAML while one types."""

from __future__ import annotations

import json

import click

from reidbench.config.suite import Suite


@click.command("schema")
def command() -> None:
    """Print the JSON schema of suite files."""
    click.echo(json.dumps(Suite.model_json_schema(), indent=2))
