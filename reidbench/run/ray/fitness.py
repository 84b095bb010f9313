"""Whether a node has the driver's versions and sees its folders: asked here, answered there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
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

PATIENCE = 10.0
"""Seconds after which a shared folder must show what another machine has just put there."""


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
    disabled: tuple[str, ...]
    paths: Mapping[str, str]
    sign: str
    owner: Mapping[str, object]
    nodes: tuple[str, ...] = ()

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
        disabled = tuple(options.disabled)
        yield Demands(versions(disabled), disabled, paths, str(sign), owner)
    finally:
        remove_signed(sign)


def versions(disabled: tuple[str, ...]) -> dict[str, str]:
    """Return the versions by which numbers may differ, by name; a plugin that fails has none."""
    found = {name: distribution_version(name) or "none" for name in PACKAGES}
    plugins = {f"plugin {one.name}": str(one) for one in discover(disabled).plugins}
    return {"reidbench": reidbench.__version__, **found, **plugins}


def shortcomings(line: str) -> list[str]:
    """Return what is wrong with this node, for people; nothing if it is fit."""
    asked = Demands.of(line)
    here, there = versions(tuple(asked.disabled)), asked.versions
    wrong = [
        f"has {name} {here.get(name, 'none')}, and the driver {there.get(name, 'none')}"
        for name in sorted(here.keys() | there.keys())
        if here.get(name) != there.get(name)
    ]
    unseen = [f"{option} {path}" for path, option in asked.paths.items() if not _appears(path)]
    if not unseen and Owner.of(Path(asked.sign)) != Owner(**asked.owner):  # type: ignore[arg-type]
        unseen = [f"in --store {Path(asked.sign).parent} what the driver has put there"]
    return wrong + [f"does not see {one}" for one in unseen]


def _appears(path: str) -> bool:
    """Return whether a path exists, at the latest when a network's file system looks again."""
    until = monotonic() + PATIENCE
    while not Path(path).exists():
        if monotonic() > until:
            return False
        sleep(PATIENCE / 10)
    return True
