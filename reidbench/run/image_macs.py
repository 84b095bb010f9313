"""How many images a phase or measurement reads, and the MACs of its network, without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from reidbench.api.data import ReIDData
from reidbench.api.records import OnDisk
from reidbench.errors import ReidbenchError
from reidbench.plan import ConfiguredData, EvaluateNode, LoadNode, Node, PhaseNode, PruneNode
from reidbench.plan.components import canonical
from reidbench.submissions.costs import cost_at, model_of


class Counted(NamedTuple):
    """The images of a data set: to train on, and to measure on (query and gallery)."""

    training: int
    measured: int


class ImageMacs(NamedTuple):
    """The images that pass a network forward, and the network's MACs, on average, in 10^9."""

    images: float
    gmacs: float

    @property
    def product(self) -> float:
        """Images x GMACs."""
        return self.images * self.gmacs


@dataclass
class Images:
    """Counts the images of data sets, each once; ``unknown`` and ``published`` name some."""

    unknown: set[str] = field(default_factory=set)
    published: set[str] = field(default_factory=set)
    _known: dict[str, Counted | None] = field(default_factory=dict)

    def of(self, data: ConfiguredData) -> Counted | None:
        """Return the images of a data set: its own lists, or as published where it is missing."""
        key = canonical(data.configuration())
        if key not in self._known:
            self._known[key] = self._count(data)
        return self._known[key]

    def _count(self, data: ConfiguredData) -> Counted | None:
        if data.missing:
            disk = data.record.disk
            if disk is None or not _published_sizes(disk) or data.on_validation:
                self.unknown.add(data.label)
                return None
            self.published.add(data.label)
            return Counted(disk.training_images, disk.test_images)
        try:
            lists = data.lists()
        except ReidbenchError:  # The plan names it among what a run will refuse.
            self.unknown.add(data.label)
            return None
        if isinstance(lists, ReIDData):
            return Counted(len(lists.train), len(lists.query) + len(lists.gallery))
        return Counted(len(lists.train), 0)


def _published_sizes(disk: OnDisk) -> bool:
    """Return whether a record says how many images there are; a test-only set trains on none."""
    return bool(disk.training_images or disk.test_images)


def image_macs(node: Node, images: Images) -> ImageMacs | None:
    """Return what a node computes; None if its images or the cost of its backbone are unknown.

    A one-shot cut comes before the phase's training; where channels are removed meanwhile, the
    mean of the MACs before and after stands for them. Rankings are left out.
    """
    phase = node.network if isinstance(node, EvaluateNode) else node
    assert isinstance(phase, PhaseNode)
    if isinstance(node, LoadNode):
        return ImageMacs(0.0, 0.0)
    counted, dense = images.of(node.data), dense_gmacs(phase)
    if counted is None or dense is None:
        return None
    if isinstance(node, EvaluateNode):
        return ImageMacs(counted.measured, dense * (1 - _reduction(phase)))
    return ImageMacs(phase.epochs * counted.training, dense * (1 - _while_training(phase)))


def dense_gmacs(phase: PhaseNode) -> float | None:
    """Return the GMACs of a phase's backbone, uncut; None where no cost model is published."""
    backbone, size = phase.backbone, phase.protocol.input.size
    if dict(backbone.options) != dict(backbone.component.record.options):
        return None
    record = backbone.component.record
    model = model_of(record.name, record.version, size)
    return None if model is None else cost_at(model, model["groups"])[0] / 1e9


def _reduction(phase: PhaseNode | None) -> float:
    """Return the share of MACs that the network lacks after a phase."""
    while phase is not None and not isinstance(phase, PruneNode):
        phase = phase.network
    return 0.0 if phase is None else phase.reduction


def _while_training(phase: PhaseNode) -> float:
    after = _reduction(phase)
    if not isinstance(phase, PruneNode) or phase.method.strategy == "one-shot":
        return after
    return (_reduction(phase.network) + after) / 2
