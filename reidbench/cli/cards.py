"""``reidbench cards``: a page a method, of what it computes, costs and does differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from click.core import ParameterSource

from reidbench.api.records import MethodRecord
from reidbench.cards import Cost, make_cards, page, pages, read_costs, updated, write_costs
from reidbench.cli.options import installed, shared
from reidbench.config.protocol import load_protocol
from reidbench.files import write_atomically
from reidbench.plan import Configured, ConfiguredData
from reidbench.plugins import Catalogue, Component, Registry

COSTS = "costs.json"
PUBLISHED = Path("docs/methods")
"""Where a clone keeps its cards."""


@click.command("cards")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the page of every method, and an index, to this folder.",
)
@click.option("--measure", is_flag=True, help="Measure the costs first, on this machine.")
@click.option("--protocol", default="mini/1", show_default=True, help="Rules to measure under.")
@click.option("--backbone", default="resnet50", show_default=True, help="Network to measure on.")
@click.option("--data", default="synthped-quick", show_default=True, help="Calibration images.")
@shared("device", "threads", "disabled")
@click.pass_context
def command(
    context: click.Context,
    /,
    names: tuple[str, ...],
    out: Path | None,
    measure: bool,
    disabled: tuple[str, ...],
    **measured_on: Any,
) -> None:
    """Print the cards of the methods called NAME, or of all, as Markdown.

    A card gives the formula and its source, options, the cost of a ranking and of a whole cut, and
    every deviation from the authors. Costs are those of costs.json in --out, or in docs/methods;
    with --measure, those of the methods called NAME, or of all, are measured anew.
    """
    if not measure:
        _refuse_without_measuring(context, measured_on)
    registry = installed(disabled)
    chosen = [registry.methods.get(name) for name in names] or _all(registry.methods)
    costs = read_costs((out or PUBLISHED) / COSTS)
    if measure:
        for cost in _measured(chosen, registry, **measured_on):
            costs = updated(costs, [cost])
            # At once, because the next method may take minutes and be interrupted.
            if out:
                write_costs(out / COSTS, costs)
    if out is None:
        click.echo("\n".join(page(card) for card in make_cards(chosen, costs)), nl=False)
        return
    written = pages(make_cards(_all(registry.methods), costs))
    for name, text in written.items():
        write_atomically(out / name, text)
    click.echo(f"written: {len(written)} pages in {out}", err=True)


def _refuse_without_measuring(context: click.Context, measured_on: Mapping[str, Any]) -> None:
    for name in measured_on:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is for --measure: give it too, or leave --{name} out")


def _all(catalogue: Catalogue[MethodRecord]) -> list[Component[MethodRecord]]:
    return [catalogue.get(name) for name in catalogue.names()]


def _measured(
    methods: Sequence[Component[MethodRecord]],
    registry: Registry,
    *,
    protocol: str,
    backbone: str,
    data: str,
    device: str,
    threads: int | None,
) -> Iterator[Cost]:
    """Measure methods one after another, and say so."""
    # Here, because torch takes seconds to import, and printing needs none of it.
    from reidbench.engine.device import prepare_device
    from reidbench.engine.phases.context import PhaseContext
    from reidbench.run.measure_method import MeasurementSetup, measure
    from reidbench.store import Store

    network, images = registry.backbones.get(backbone), registry.datasets.get(data)
    setup = MeasurementSetup(
        load_protocol(protocol),
        Configured(network, network.record.settings({})),
        ConfiguredData(images, images.record.settings({})),
    )
    with TemporaryDirectory() as folder:
        context = PhaseContext(Store(Path(folder)), prepare_device(device, threads))
        for component in methods:
            cost = measure(component, setup, context)
            click.echo(_line(cost), err=True)
            yield cost


def _line(cost: Cost) -> str:
    if cost.problem:
        return f"{cost.method}: {cost.problem}"
    return f"{cost.method}: ranking {cost.ranking:.1f} s, whole cut {cost.cut:.1f} s"
