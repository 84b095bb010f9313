"""Turns a suite into its plan: every point of its grid, or those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TypeAlias

from reidbench.config.protocol import Protocol, ProtocolError
from reidbench.config.suite import Suite
from reidbench.config.yaml_document import Located
from reidbench.plan.components import DATA_ROOT, ConfiguredData
from reidbench.plan.missing_data import data_read
from reidbench.plan.resolve import Components, resolve
from reidbench.plan.selection import select
from reidbench.plan.trial_builder import TrialBuilder
from reidbench.plan.trials import NotApplicable, Plan, Trial
from reidbench.plugins import Registry
from reidbench.plugins.protocols import find_protocol

ReadFirst: TypeAlias = Callable[[Sequence[ConfiguredData]], None]
"""Is called with data sets just before their lists are read."""


def make_plan(
    located: Located[Suite],
    registry: Registry,
    data_root: Path = DATA_ROOT,
    only: Sequence[str] = (),
    read_first: ReadFirst = lambda _: None,
) -> Plan:
    """Resolve a suite's names and build its trials, or those that ``only`` selects.

    Reads the lists of data sets whose content is part of a trial's key, as of all on disk; their
    images only where a plugin gives no digest of them.

    Raises:
        DocumentError: a name no plugin declares, an option its component does not have or take, or
            a trial that is in the grid twice.
        SelectionError: ``only`` names nothing in the grid, or leaves nothing of it.

    """
    suite = located.content
    with _faults_of(located, "protocol"):
        protocol = find_protocol(suite.protocol, registry, located.path.parent)
    components = resolve(located, registry, data_root, protocol.input.size)
    if source := components.domains.get("source"):
        with _faults_of(located, "source"):
            protocol.on(source.record.task)
    rows = list(_rows(suite, protocol, components))
    trials = tuple(row for row in rows if isinstance(row, Trial))
    left_out = tuple(row for row in rows if isinstance(row, NotApplicable))
    _read_lists(trials, read_first)
    _refuse_twins(located, trials)
    return select(Plan(suite, protocol, trials, left_out), only)


@contextmanager
def _faults_of(located: Located[Suite], field: str) -> Iterator[None]:
    """Point at a field of the suite in errors of the protocol."""
    try:
        yield
    except ProtocolError as error:
        raise located.fault((field,), str(error)) from error


def _rows(
    suite: Suite, protocol: Protocol, components: Components
) -> Iterator[Trial | NotApplicable]:
    """Yield every point of the grid: a method that removes nothing has one for all reductions."""
    for builder in _builders(suite, protocol, components):
        for method in components.methods:
            if not builder.backbone.runs(method):
                continue
            for reduction in suite.reductions if method.record.prunes != "nothing" else (0.0,):
                yield builder.row(method, reduction)


def _builders(suite: Suite, protocol: Protocol, components: Components) -> Iterator[TrialBuilder]:
    for (scenario, phases), backbone, target, seed in product(
        suite.scenarios.items(), components.backbones, components.targets, suite.seeds
    ):
        yield TrialBuilder(
            protocol=protocol,
            scenario=scenario,
            phases=phases,
            backbone=backbone,
            domains={**components.domains, "target": target},
            seed=seed,
        )


def _read_lists(trials: Iterable[Trial], read_first: ReadFirst) -> None:
    """Read the lists that trials use before their keys hash the content."""
    read = [data for data in data_read(trials) if data.keyed_by_content]
    read_first(read)
    for data in read:
        data.lists()


def _refuse_twins(located: Located[Suite], trials: Iterable[Trial]) -> None:
    """Refuse trials that would share one result file: the later would overwrite the earlier."""
    seen: dict[str, Trial] = {}
    for trial in trials:
        twin = seen.setdefault(trial.key, trial)
        if twin is not trial:
            raise located.fault((), f"{twin.id} and {trial.id} are one trial: leave one out")
