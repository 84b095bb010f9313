"""Whether a node has the driver's versions and sees its folders: asked here, answered there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep

import reidbench
from reidbench.files import room_for
from reidbench.plugins import discover
from reidbench.run.planned_suite import PlannedSuite
from reidbench.run.workers.messages import PlanRef
from reidbench.store.owner import Owner, make_signed, remove_signed
from reidbench.store.provenance import PACKAGES, distribution_version

PATIENCE, LOOK = 10.0, 1.0
"""Seconds after which a shared folder must show what another machine has just put there, and
between two looks."""


@dataclass(frozen=True)
class Demands:
    """What a node must have and see to make what the driver would make.

    Attributes:
        versions: of the core, the packages that numbers depend on, and the plugins.
        disabled: plugins that are left out.
        paths: files and folders, each with the option that names it.
        sign: a folder in the store that the driver has just made and signed.
        owner: who has signed it.
        nodes: ids of the nodes that were asked at the start.

    """

    versions: Mapping[str, str]
    disabled: Sequence[str]
    paths: Mapping[str, str]
    sign: str
    owner: Mapping[str, object]
    nodes: Sequence[str] = ()

    def line(self) -> str:
        """Return the demands as a line."""
        return json.dumps(asdict(self))

    @staticmethod
    def of(line: str) -> Demands:
        """Return the demands that a line holds."""
        return Demands(**json.loads(line))


@contextmanager
def demands(planned: PlannedSuite) -> Iterator[Demands]:
    """Return what a run demands of nodes; its sign is in the store during the block.

    Raises:
        NoRoom: the disk of the store is full.

    """
    options, plan = planned.options, PlanRef.of(planned)
    store, logs = options.store_folder.absolute(), planned.folder.logs.absolute()
    # As the temporary folders of the store: what a killed driver leaves is cleared away as theirs.
    sign = store / f".{plan.digest[:16]}.{uuid.uuid4().hex}"
    paths = {plan.suite: "the suite", str(store): "--store", str(logs): "--out"}
    if Path(plan.data).exists():
        paths[plan.data] = "--data"
    with room_for(sign):
        logs.mkdir(parents=True, exist_ok=True)
        make_signed(sign)
    try:
        owner = asdict(Owner.this_process())
        found = versions(options.disabled)
        yield Demands(found, list(options.disabled), paths, str(sign), owner)
    finally:
        remove_signed(sign)


def versions(disabled: Sequence[str]) -> dict[str, str]:
    """Return the versions by which numbers may differ, of what is installed, by name."""
    found = {name: distribution_version(name) for name in PACKAGES}
    plugins = {one.distribution: one.version for one in discover(disabled).plugins}
    known = {name: version for name, version in found.items() if version is not None}
    return known | plugins | {"reidbench": reidbench.__version__}


def shortcomings(line: str) -> list[str]:
    """Return what is wrong with this node, for people; nothing if it is fit."""
    asked = Demands.of(line)
    here, there = versions(asked.disabled), asked.versions
    wrong = [
        f"has {_named(here, name)}, and the driver {_named(there, name)}"
        for name in sorted(here.keys() | there.keys())
        if here.get(name) != there.get(name)
    ]
    unseen = [f"{what} {path}" for path, what in asked.paths.items() if not _appears(path)]
    if not unseen and not _is_signed(asked):
        unseen = [f"in --store {Path(asked.sign).parent} what the driver has put there"]
    return wrong + [f"does not see {one}" for one in unseen]


def _named(versions: Mapping[str, str], name: str) -> str:
    return f"{name} {versions[name]}" if name in versions else f"no {name}"


def _is_signed(asked: Demands) -> bool:
    sign = Path(asked.sign)
    if not _appears(str(sign)):
        return False
    owner = Owner.of(sign)
    return owner is not None and asdict(owner) == asked.owner


def _appears(path: str) -> bool:
    """Return whether a path exists, at the latest when a network's file system looks again."""
    until = monotonic() + PATIENCE
    while not Path(path).exists():
        if monotonic() > until:
            return False
        sleep(LOOK)
    return True
