"""Forecasts the time and disk that the rest of a plan takes, from the phases measured so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple, TypeAlias

from reidbench.plan import EvaluateNode, LoadNode, Node, PhaseNode, Plan, PruneNode
from reidbench.store import Store, StoreError
from reidbench.store.integrity import FILES
from reidbench.text import counted

MOST_READ = 500
"""Artefacts of other plans that are read at most, the latest first: a store may have any number."""
MOST_ALIKE = 5
"""Artefacts of the plan that are read at most where only the seed differs, the latest first."""

Likeness: TypeAlias = tuple[Hashable, ...]
"""What a node has in common with others: what it is made of, its budget, method and reduction."""
_TIMED_KINDS = ("train", "prune", "evaluate", "load")


class Machine(NamedTuple):
    """What decides the speed: the device, its model, and threads if it is a CPU."""

    device: str
    model: str | None
    threads: int | None

    def __str__(self) -> str:
        if self.threads is None:
            return self.device
        return f"{self.device}, {counted(self.threads, 'thread')}"


class Measured(NamedTuple):
    """What a phase or measurement took, or several did on average.

    Attributes:
        seconds: wall-clock time.
        epochs: those of its whole steps, to which a budget's epochs are rounded.
        reduction: of MACs, in [0, 1).
        size: bytes of its files in the store.

    """

    seconds: float
    epochs: float
    reduction: float
    size: float

    @property
    def work(self) -> float:
        """The same in dense epochs, roughly."""
        return _work(self.epochs, self.reduction)


@dataclass(frozen=True)
class Forecast:
    """Seconds and bytes that nodes take, by the measured nodes most like them.

    Attributes:
        phases: number of measured nodes.
        where: the machine that measured them, e.g. ``cpu, 2 threads``; empty if there are none.

    """

    phases: int
    where: str
    _alike: Mapping[Likeness, Measured]
    _known_seconds: dict[str, float | None] = field(default_factory=dict, compare=False, repr=False)

    def seconds(self, node: Node) -> float | None:
        """Return the seconds that a node takes, None if nothing like it was measured."""
        if not self._alike:
            return None
        if node.key not in self._known_seconds:
            self._known_seconds[node.key] = self._seconds(node)
        return self._known_seconds[node.key]

    def weight(self, node: Node) -> float:
        """Return the seconds of a node for an ETA: a guess where nothing like it was measured."""
        known = self.seconds(node)
        return work(node) * self._pace if known is None else known

    def total(self, nodes: Iterable[Node]) -> tuple[float, int]:
        """Return the seconds of nodes together, and of how many nothing is known."""
        each = [self.seconds(node) for node in nodes]
        return sum(s for s in each if s is not None), each.count(None)

    def size(self, nodes: Iterable[Node]) -> int:
        """Return the bytes that nodes leave in the store, as far as they are known."""
        return round(sum(alike.size for node in nodes if (alike := self._like(node))))

    def _seconds(self, node: Node) -> float | None:
        if (alike := self._like(node)) is None:
            return None
        # Nodes that are alike have one budget, and differ in the reduction at most.
        return alike.seconds * _work(alike.epochs, _reduction(node)) / alike.work

    def _like(self, node: Node) -> Measured | None:
        """Return what was measured of the nodes most like one."""
        known = map(self._alike.get, _likenesses(node.document(), _backbone(node)))
        return next((measured for measured in known if measured), None)

    @property
    def _pace(self) -> float:
        """Seconds a unit of work, over all that was measured."""
        done = sum(measured.work for measured in self._alike.values())
        return sum(m.seconds for m in self._alike.values()) / done if done else 1.0


def forecast(plan: Plan, store: Store) -> Forecast:
    """Return a forecast from the plan's own phases that are done, or else from other plans'.

    Uses the measurements of one machine, the last that measured: speeds differ between machines.
    """
    there = store.latest() if store.root.is_dir() else []
    noted = list(_of_plan(plan, store, there)) or list(_of_others(store, there[:MOST_READ]))
    if not noted:
        return Forecast(0, "", {})
    machine = max(noted, key=lambda one: one.written).machine
    noted = [one for one in noted if one.machine == machine]
    alike: dict[Likeness, list[Measured]] = defaultdict(list)
    for one in noted:
        for likeness in one.likenesses:
            alike[likeness].append(one.measured)
    means = {likeness: _mean(several) for likeness, several in alike.items()}
    return Forecast(len(noted), str(machine), means)


def work(node: Node) -> float:
    """Return roughly how long a node takes, in dense epochs."""
    if isinstance(node, PhaseNode) and not isinstance(node, LoadNode):
        return _work(node.epochs, _reduction(node))
    return _work(0.0, 0.0)


def _reduction(node: Node) -> float:
    return node.reduction if isinstance(node, PruneNode) else 0.0


def _work(epochs: float, reduction: float) -> float:
    # A network that loses a share of its MACs on the way saves half of that share.
    return epochs * (1 - reduction / 2) + 0.1


class _Noted(NamedTuple):
    """What the store notes of a phase or measurement."""

    measured: Measured
    machine: Machine
    written: str
    likenesses: tuple[Likeness, ...]


def _of_plan(plan: Plan, store: Store, there: Iterable[str]) -> Iterator[_Noted]:
    """Yield what was measured of the plan's own nodes: a few of each likeness are enough."""
    taken: Counter[Likeness] = Counter()
    for key in there:
        if (node := plan.nodes.get(key)) is None:
            continue
        likenesses = _likenesses(node.document(), _backbone(node))
        most = next(likenesses)
        if taken[most] < MOST_ALIKE and (meta := _meta(store, key)) is not None:
            taken[most] += 1
            yield _noted(meta, (most, *likenesses))


def _of_others(store: Store, there: Iterable[str]) -> Iterator[_Noted]:
    backbones: dict[str, Any] = {}
    for key in there:
        if (meta := _meta(store, key)) is None:
            continue
        document = meta["document"]
        network = key if "backbone" in document else document.get("network", "")
        if network not in backbones:
            # The network of a measurement need not be among the latest.
            phase = meta if network == key else _meta(store, network)
            backbones[network] = phase["document"].get("backbone") if phase else None
        yield _noted(meta, tuple(_likenesses(document, backbones[network])))


def _meta(store: Store, key: str) -> dict[str, Any] | None:
    try:
        meta = store.meta(key)
    except StoreError:
        return None
    timed = meta.get("kind") in _TIMED_KINDS and "wall" in meta and "document" in meta
    return meta if timed else None


def _noted(meta: Mapping[str, Any], likenesses: tuple[Likeness, ...]) -> _Noted:
    epochs, reduction = meta.get("epochs", 0.0), meta["document"].get("reduction", 0.0)
    size = sum(file["bytes"] for file in meta.get(FILES, {}).values())
    measured = Measured(float(meta["wall"]), float(epochs), float(reduction), float(size))
    written = str(meta.get("provenance", {}).get("utc", ""))
    return _Noted(measured, machine_of(meta), written, likenesses)


def _likenesses(document: Mapping[str, Any], backbone: Any) -> Iterator[Likeness]:
    """Yield what a node has in common with others, from much to little."""
    names = ("kind", "protocol", "data", "budget", "joined", "stretch")
    phase = (_hashable(backbone), *(_hashable(document.get(name)) for name in names))
    method = _hashable(document.get("method"))
    yield (phase, method, document.get("reduction"), document.get("state"))
    yield (phase, method)
    yield (phase,)


def _hashable(value: Any) -> Hashable:
    """Return JSON with its mappings and lists as tuples, in an order of its own."""
    if isinstance(value, Mapping):
        return tuple((name, _hashable(value[name])) for name in sorted(value))
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _backbone(node: Node) -> Any:
    phase = node.network if isinstance(node, EvaluateNode) else node
    return phase.backbone.document() if isinstance(phase, PhaseNode) else None


def _mean(several: Sequence[Measured]) -> Measured:
    return Measured(*map(fmean, zip(*several, strict=True)))


def machine_of(meta: Mapping[str, Any]) -> Machine:
    """Return the machine that made an artefact, by its notes."""
    provenance = meta.get("provenance", {})
    device, hardware = str(provenance.get("device", "?")), provenance.get("hardware", {})
    if device == "cpu":
        return Machine(device, hardware.get("cpu"), hardware.get("threads"))
    return Machine(device, hardware.get("gpu"), None)
