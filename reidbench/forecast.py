"""How long what is left of a plan will take, from the phases that were measured already."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, TypeAlias

from reidbench.plan import EvaluateNode, LoadNode, Node, PhaseNode, Plan, PruneNode
from reidbench.store import Store, StoreError

MOST_READ = 2000
"""Artefacts of other plans that are looked at, the latest first: a store may hold any number."""

Likeness: TypeAlias = str
_KINDS = ("train", "prune", "evaluate", "load")


@dataclass(frozen=True)
class Measured:
    """What one phase or measurement took: wall-clock seconds, and its work in dense epochs."""

    seconds: float
    work: float


@dataclass(frozen=True)
class Forecast:
    """Seconds that nodes will take, by those most like them.

    Attributes:
        phases: how many measured ones it rests on.
        where: the machine they were measured on, e.g. ``cpu, 2 threads``; empty if there are none.

    """

    phases: int
    where: str
    _alike: Mapping[Likeness, Measured]

    def seconds(self, node: Node) -> float | None:
        """Return what a node will take, None if nothing like it was measured."""
        for likeness in _likenesses(node.document(), _network_of(node)):
            if (alike := self._alike.get(likeness)) is not None:
                return alike.seconds * work(node) / alike.work
        return None

    def weight(self, node: Node) -> float:
        """Return seconds, or a guess at the pace of whatever was measured: for an ETA."""
        known = self.seconds(node)
        return work(node) * self._pace if known is None else known

    def total(self, nodes: Iterable[Node]) -> tuple[float, int]:
        """Return the seconds of nodes together, and how many of them nothing is known of."""
        each = [self.seconds(node) for node in nodes]
        return sum(s for s in each if s is not None), each.count(None)

    @property
    def _pace(self) -> float:
        """Seconds a unit of work, over all that was measured."""
        done = sum(measured.work for measured in self._alike.values())
        return sum(m.seconds for m in self._alike.values()) / done if done else 1.0


def forecast(plan: Plan, store: Store) -> Forecast:
    """Return a forecast from the plan's own phases that are done, or else from other plans'.

    Only of the machine that measured last: another device has another pace.
    """
    noted = list(_noted(store, (key for key in plan.nodes if store.has(key))))
    if not noted and store.root.is_dir():
        noted = list(_noted(store, store.latest(MOST_READ)))
    if not noted:
        return Forecast(0, "", {})
    where = _where(max(noted, key=_written))
    noted = [meta for meta in noted if _where(meta) == where]
    alike: dict[Likeness, list[Measured]] = defaultdict(list)
    backbones = {meta["key"]: meta["document"].get("backbone") for meta in noted}
    for meta in noted:
        document = meta["document"]
        backbone = document.get("backbone") or backbones.get(document.get("network"))
        for likeness in _likenesses(document, backbone):
            alike[likeness].append(Measured(float(meta["wall"]), _work_noted(meta)))
    means = {likeness: _mean(several) for likeness, several in alike.items()}
    return Forecast(len(noted), where, means)


def work(node: Node) -> float:
    """Return roughly how long a node takes, in dense epochs."""
    if isinstance(node, PhaseNode) and not isinstance(node, LoadNode):
        reduction = node.reduction if isinstance(node, PruneNode) else 0.0
        return _work(node.epochs, reduction)
    return _work(0.0, 0.0)


def _work(epochs: float, reduction: float) -> float:
    # Of a network that loses a share of its MACs on the way, half of the saving.
    return epochs * (1 - reduction / 2) + 0.1


def _work_noted(meta: Mapping[str, Any]) -> float:
    if meta["kind"] in ("train", "prune"):
        return _work(float(meta["epochs"]), float(meta["document"].get("reduction", 0.0)))
    return _work(0.0, 0.0)


def _noted(store: Store, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    for key in keys:
        try:
            meta = store.meta(key)
        except StoreError:
            continue
        if meta.get("kind") in _KINDS and "wall" in meta and "document" in meta:
            yield {**meta, "key": key}


def _likenesses(document: Mapping[str, Any], backbone: Any) -> Iterator[Likeness]:
    """Yield what a node has in common with others, from much to little."""
    ground = [document["kind"], document["protocol"], backbone, document["data"]]
    phase = [document.get(name) for name in ("budget", "joined", "stretch")]
    method = document.get("method")
    own: Sequence[Any] = [document.get("reduction"), document.get("state")]
    for common in ([*ground, phase, method, own], [*ground, phase, method], [*ground, phase]):
        yield json.dumps(common, sort_keys=True)


def _network_of(node: Node) -> Any:
    phase = node.network if isinstance(node, EvaluateNode) else node
    return phase.backbone.document() if isinstance(phase, PhaseNode) else None


def _mean(several: Sequence[Measured]) -> Measured:
    return Measured(fmean(m.seconds for m in several), fmean(m.work for m in several))


def _written(meta: Mapping[str, Any]) -> str:
    return str(meta.get("provenance", {}).get("utc", ""))


def _where(meta: Mapping[str, Any]) -> str:
    provenance = meta.get("provenance", {})
    device = provenance.get("device", "?")
    threads = provenance.get("hardware", {}).get("threads")
    return f"{device}, {threads} threads" if device == "cpu" and threads else str(device)
