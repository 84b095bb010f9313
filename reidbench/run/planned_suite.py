"""A suite that is read, resolved against the installed plugins, and planned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from reidbench.config.protocol import load_protocol
from reidbench.config.shipped import find_suite
from reidbench.config.suite import Suite, load_suite
from reidbench.config.yaml_document import Located
from reidbench.plan import Plan, make_plan, select
from reidbench.plugins import Registry
from reidbench.run.options import RUNS, RunOptions, installed_plugins
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
        return RunFolder(Path(self.options.out or RUNS / self.plan.suite.name), self.options.say)


def plan_suite(options: RunOptions) -> PlannedSuite:
    """Read a suite and plan the part that the options select.

    Raises:
        DocumentError, ProtocolError, SelectionError, UnknownComponent: wrong input, in a sentence.

    """
    registry = installed_plugins(options.disabled, options.say)
    suite = _under(options.protocol, load_suite(find_suite(options.suite)))
    whole = make_plan(suite, registry, options.data_folder)
    return PlannedSuite(options, suite, registry, whole, select(whole, options.selection))


def _under(protocol: str | None, suite: Located[Suite]) -> Located[Suite]:
    """Return the suite under another protocol: it is another suite, whose name says so."""
    if protocol is None or protocol == suite.content.protocol:
        return suite
    load_protocol(protocol)  # an unknown one is an error of the option, not of the suite's file
    name = f"{suite.content.name}-{protocol.replace('/', '-')}"
    content = suite.content.model_copy(update={"name": name, "protocol": protocol})
    return replace(suite, content=content)
