"""``reidbench prune``: anybody's network at a share of its MACs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reidbench.cli.inputs import size_of


@click.command("prune")
@click.argument("network", metavar="MODULE:FACTORY")
@click.option(
    "--weights",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Weights: safetensors, or a state dict that torch.save wrote.",
)
@click.option("--size", required=True, metavar="CxHxW", help="Size of its images, e.g. 3x256x128.")
@click.option("--reduction", required=True, type=float, help="Share of MACs to remove, e.g. 0.5.")
@click.option("--method", default="l1", show_default=True, help="A method that needs no data.")
@click.option(
    "--scope",
    type=click.Choice(["all", "inner"]),
    default="all",
    show_default=True,
    help="All channels, or those inside residual blocks alone.",
)
@click.option(
    "--allocation",
    type=click.Choice(["uniform", "global"]),
    default="uniform",
    show_default=True,
    help="The same share of every layer, or all channels ranked together.",
)
@click.option(
    "--keep", multiple=True, metavar="NAME", help="Modules that stay whole, e.g. 'head.*'."
)
@click.option(
    "--round-to",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Multiple that widths end on: kernels are faster on 8 or 16.",
)
@click.option(
    "--min-keep",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Share of its channels that every layer keeps at least.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write.",
)
def command(network: str, weights: Path | None, size: str, out: Path, **asked: Any) -> None:
    """Prune a network of your own, and write plan, weights and report to a folder.

    MODULE:FACTORY names a function that returns the network, e.g. torchvision.models:resnet50.

    \b
      reidbench prune torchvision.models:resnet50 --size 3x256x128 --reduction 0.5 --out half

    Read it back with reidbench.load("half", resnet50()), and fine-tune it as you trained it. For
    methods that look at data, and to retrain in the same call, use reidbench.prune in Python.
    """  # noqa: D301 - click wants the character, not the two letters
    # Here, so that --help and a wrong size never wait for torch.
    shape = size_of(size)
    from reidbench.engine.deployment import find_network, prune
    from reidbench.engine.weights import load_backbone

    made = find_network(network)
    if weights is not None:
        load_backbone(made, weights, name=network)
    pruned = prune(made, size=shape, **asked)
    pruned.save(out)
    click.echo(str(pruned.report))
    click.echo(f"\nwritten: {out}", err=True)
