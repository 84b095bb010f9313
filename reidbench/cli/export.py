"""``reidbench export``: a pruned network as a file for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reidbench.cli.called_trial import trial_called
from reidbench.cli.options import shared


@click.command("export")
@click.argument("trial")
@click.option(
    "--to",
    type=click.Choice(["onnx", "pt2", "openvino", "state-dict"]),
    default="onnx",
    show_default=True,
    help="The format.",
)
@click.option("--network", metavar="MODULE:FACTORY", help="The dense network, for a pruned folder.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.  [default: beside TRIAL, named after it]",
)
@click.option(
    "--state",
    type=click.Choice(["final", "pruned"]),
    default="final",
    show_default=True,
    help="The network at the end, or right after the cut.",
)
@shared("store", "disabled")
def command(trial: str, to: str, network: str | None, out: Path | None, **given: Any) -> None:
    """Write a network for other runtimes: norms folded, any batch size, metadata inside.

    TRIAL is a result file of a run, the key of a phase or its beginning, what a trial of a run is
    called (l1/0.5/seed=0; see 'reidbench curves'), or a folder that 'reidbench prune' wrote (then
    --network says what it was pruned from). What the file computes is compared with the
    network at batches of 1, 3 and 8; a file that differs is removed.
    """
    called = trial_called(trial, given["store"])
    from reidbench.engine.deployment.export import FORMATS, export
    from reidbench.engine.deployment.sources import find_source

    source = find_source(called, network, **given)
    file = out or Path(f"{source.name}{FORMATS[to].suffix}")
    done = export(source.network, file, size=source.size, to=to, metadata=source.metadata)
    for batch, difference in done.differences.items():
        click.echo(f"batch {batch}: largest relative difference {difference:.1e} (tolerance 1e-4)")
    click.echo(f"written: {done.file} ({done.size / 1e6:.1f} MB)", err=True)
