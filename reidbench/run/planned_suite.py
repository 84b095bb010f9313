"""A suite that is read, resolved against the installed plugins, and planned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reidbench.config.own_protocol import is_file_name
from reidbench.config.shipped import find_suite
from reidbench.config.suite import Suite, load_suite
from reidbench.config.yaml_document import Located
from reidbench.files import at_home
from reidbench.plan import Plan, make_plan, select
from reidbench.plugins import Registry
from reidbench.plugins.protocols import find_protocol
from reidbench.run.options import RunOptions, installed_plugins
from reidbench.run.places import RUNS
from reidbench.run.read_apart import refuse_deadly
from reidbench.run.run_folder import RunFolder


@dataclass(frozen=True)
class PlannedSuite:
    """A suite, the plugins it is resolved against, its plan, and that of the part to run."""

    options: RunOptions
    suite: Located[Suite]
    registry: Registry
    whole: Plan
    plan: Plan

    @property
    def folder(self) -> RunFolder:
        """Where its results belong."""
        return RunFolder(at_home(self.options.out or RUNS / self.plan.suite.name), self.options.say)


def plan_suite(options: RunOptions) -> PlannedSuite:
    """Read a suite and plan the part that the options select.

    Raises:
        DocumentError, ProtocolError, SelectionError, UnknownComponent: wrong input, in a sentence.
        PreflightError: a data set that ends, or hangs, the process which reads it.

    """
    registry = installed_plugins(options.disabled, options.say)
    suite = _under(options.protocol, load_suite(find_suite(at_home(options.suite))), registry)
    read_first = partial(refuse_deadly, patience=options.patience, say=options.say)
    whole = make_plan(suite, registry, options.data_folder, read_first=read_first)
    if note := _weights_of_a_stand_in(whole):
        options.say(note)
    return PlannedSuite(options, suite, registry, whole, select(whole, options.selection))


def _weights_of_a_stand_in(plan: Plan) -> str:
    """Return that a drawn stand-in is trained on in the place of published weights, if one is."""
    spec = plan.suite.source
    sources = (row.data.get("source") for row in plan.rows)
    source = next((data for data in sources if data is not None), None)
    if spec is None or spec.weights is None or source is None or not source.drawn:
        return ""
    return (
        f"'weights: {spec.weights}' is of no use here: the copy of {source.label} in "
        f"{source.folder} is drawn, and networks train on it"
    )


def _under(protocol: str | None, suite: Located[Suite], registry: Registry) -> Located[Suite]:
    """Return the suite under another protocol: it is another suite, whose name says so."""
    if protocol is None or protocol == suite.content.protocol:
        return suite
    # An unknown one is an error of the option, not of the suite's file.
    found = find_protocol(protocol, registry, Path())
    if is_file_name(protocol):
        protocol = str(at_home(protocol).absolute())  # not relative to the suite, as its own is
    name = f"{suite.content.name}-{found.name.replace('/', '-')}"
    content = suite.content.model_copy(update={"name": name, "protocol": protocol})
    return replace(suite, content=content)
