"""Phases and measurements, each keyed by everything that decides its numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from reidbench.config.protocol import Protocol
from reidbench.plan.components import Configured, ConfiguredData, ConfiguredMethod
from reidbench.plan.steps import BudgetName

ENGINE = 1
"""Raise it when a change of the core changes numbers: no cached phase is used then."""

State = Literal["pruned", "final"]

# One for all of a plan's thousands of keys: json.dumps would make an encoder for each.
_COMPACT_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Node:
    """A phase or a measurement, keyed by everything that decides its numbers.

    The key is a Merkle hash: the node's own document and the keys of its inputs; nothing about
    devices, workers or paths.
    """

    kind: ClassVar[str]
    """The node's kind, as keys and reports name it."""

    protocol: Protocol
    data: ConfiguredData

    def document(self) -> dict[str, Any]:
        """Return everything that decides the node's numbers."""
        return {
            "engine": ENGINE,
            "kind": self.kind,
            "protocol": self.protocol.digest,
            "data": self.data_document(),
        }

    def data_document(self) -> dict[str, Any]:
        """Return what of the data decides the node's numbers."""
        return self.data.document()

    @cached_property
    def key(self) -> str:
        """The Merkle hash, 16 hexadecimal digits."""
        return digest(self.document())[:16]


@dataclass(frozen=True)
class PhaseNode(Node):
    """A phase and the network it starts from; ``network`` is None for an untrained one."""

    backbone: Configured
    seed: int
    network: PhaseNode | None
    budget: BudgetName | None
    stretch: float = field(default=1.0, kw_only=True)
    """How many times the budget's epochs the phase trains for: 1, but for some controls."""

    @cached_property
    def rules(self) -> Protocol:
        """The protocol's rules for the phase's data: a classification source has its own."""
        return self.protocol.on(self.data.record.task)

    @property
    def stages(self) -> tuple[BudgetName, ...]:
        """The budgets that the phase spends, one after the other."""
        return (self.budget,) if self.budget else ()

    @property
    def epochs(self) -> float:
        """Epochs the phase trains for."""
        budgets = (getattr(self.rules.budgets, stage).epochs for stage in self.stages)
        return float(sum(budgets)) * self.stretch

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers."""
        return {
            **super().document(),
            "backbone": self.backbone.document(),
            "seed": self.seed,
            "network": self.network.key if self.network else None,
            "budget": self.budget,
            **({} if self.stretch == 1 else {"stretch": self.stretch}),
        }


@dataclass(frozen=True)
class TrainNode(PhaseNode):
    """A phase that trains."""

    kind: ClassVar[str] = "train"


@dataclass(frozen=True)
class LoadNode(PhaseNode):
    """Published weights in place of training on the data; ``weights`` is a word or a file."""

    kind: ClassVar[str] = "load"

    weights: str | Path

    @cached_property
    def content(self) -> str:
        """The word, or the SHA-256 of the file."""
        return self.weights if isinstance(self.weights, str) else _content(self.weights)

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers: of a file, its content."""
        return {**super().document(), "weights": self.content}

    def data_document(self) -> dict[str, Any]:
        """Return the data's configuration: no image is read, so the content decides nothing."""
        return self.data.settings_document()


@dataclass(frozen=True)
class PruneNode(PhaseNode):
    """A phase that prunes to a MACs reduction and retrains; without a budget, it only cuts.

    One that is ``joined`` prunes during the train phase before it, whose budget it spends first.
    """

    kind: ClassVar[str] = "prune"

    method: ConfiguredMethod
    reduction: float
    joined: bool = field(default=False, kw_only=True)

    @property
    def stages(self) -> tuple[BudgetName, ...]:
        """The budgets that the phase spends, one after the other."""
        return ("train", *super().stages) if self.joined else super().stages

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers."""
        return {
            **super().document(),
            "method": self.method.document(),
            "reduction": self.reduction,
            **({"joined": True} if self.joined else {}),
        }

    @property
    def ranking_document(self) -> dict[str, Any]:
        """Everything that decides the scores by which a one-shot method cuts."""
        own = self.document()
        shared = ("engine", "protocol", "data", "backbone", "seed", "network")
        return {
            **{name: own[name] for name in shared},
            "kind": "scores",
            "method": self.method.criterion(),
        }

    @cached_property
    def ranking_key(self) -> str | None:
        """The key of the scores by which a one-shot method cuts; None for another strategy.

        They rank the network that the phase starts from, so they are the same for every reduction
        and allocation, unless the method asks for the reduction.
        """
        one_shot = self.method.strategy == "one-shot" and self.method.record.prunes != "nothing"
        return digest(self.ranking_document)[:16] if one_shot else None


@dataclass(frozen=True)
class EvaluateNode(Node):
    """A measurement of a phase's network on query and gallery."""

    kind: ClassVar[str] = "evaluate"

    network: PhaseNode
    state: State

    def document(self) -> dict[str, Any]:
        """Return everything that decides the measurement."""
        return {**super().document(), "network": self.network.key, "state": self.state}


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document as JSON with sorted keys, hexadecimal."""
    return hashlib.sha256(_COMPACT_JSON.encode(document).encode()).hexdigest()


def weights_label(weights: str | Path) -> str:
    """Return how rows name weights: the word, or the file's name and the start of its SHA-256."""
    return weights if isinstance(weights, str) else f"{weights.name} ({_content(weights)[:8]})"


def stand_for(weights: str | Path, dataset: str) -> bool:
    """Return whether weights are known to come from a data set: those of its name.

    ``imagenet`` and ``imagenet-packaged`` stand for ``imagenet``, and for no other data set; who
    knows what the network of a file was trained on.
    """
    return isinstance(weights, str) and f"{weights}-".startswith(f"{dataset}-")


def _content(path: Path) -> str:
    """Return the SHA-256 of a file, read again once it was replaced: a process may run on."""
    now = path.stat()
    return _content_of(path, now.st_mtime_ns, now.st_size, now.st_ino)


@cache
def _content_of(path: Path, *state: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
