"""Options that several commands share, and where runs keep their things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from reidbench.config.protocol import load_protocol
from reidbench.config.suite import Suite, load_suite
from reidbench.config.yaml_document import Located
from reidbench.plugins import Registry, discover

F = TypeVar("F", bound=Callable[..., Any])

RUNS = Path("runs")

suite_argument = click.argument("suite", type=click.Path(path_type=Path))

out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results, log and leaderboard.  [default: runs/<suite name>]",
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="REIDBENCH_STORE",
    default=RUNS / "store",
    show_default=True,
    show_envvar=True,
    help="Folder of networks and measurements that suites share.",
)
data_option = click.option(
    "--data",
    "data_root",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="REIDBENCH_DATA",
    default=Path("data"),
    show_default=True,
    show_envvar=True,
    help="Folder below which data sets that you bring are looked for.",
)
only_option = click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Run a part: the name of a scenario, target, method, backbone or source, or "
    "reduction=0.5, seed=0. Words of one kind are alternatives; may be repeated.",
)
protocol_option = click.option(
    "--protocol",
    metavar="NAME",
    help="Run the suite under another protocol, as a suite of its own (NAME-PROTOCOL).",
)
disable_option = click.option(
    "--disable-plugin",
    "disabled",
    multiple=True,
    metavar="NAME",
    help="Leave out a plugin, by entry point or distribution; may be repeated.",
)


def asked_suite(path: Path, protocol: str | None) -> Located[Suite]:
    """Read a suite; under another protocol it is another suite, whose name says so."""
    located = load_suite(path)
    if protocol is None or protocol == located.content.protocol:
        return located
    load_protocol(protocol)  # refused here, where it was asked for
    name = f"{located.content.name}-{protocol.replace('/', '-')}"
    suite = located.content.model_copy(update={"name": name, "protocol": protocol})
    return replace(located, content=suite)


def installed(disabled: Sequence[str]) -> Registry:
    """Return the plugins that load, and say on stderr which do not, and why."""
    registry = discover(disabled)
    for problem in registry.problems:
        click.echo(f"plugin {problem.plugin} left out: {problem.reason}", err=True)
    return registry


def results_folder(out: Path | None, suite_name: str) -> Path:
    """Return where the results of a suite live."""
    return (out or RUNS / suite_name) / "results"
