"""What a plan is made of: chosen components, keyed phases and measurements, and trials."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from reidbench.data import ClassificationData, ReIDData
from reidbench.holdings import open_dataset
from reidbench.plugins import Component
from reidbench.protocol import Protocol
from reidbench.records import Allocation, DatasetRecord, MethodRecord, Strategy
from reidbench.results import ComponentId, TrialId
from reidbench.suite import Suite

ENGINE = 1
"""Bump when a change of the core changes numbers: every cached phase is then made anew."""

DATA_ROOT = Path("data")
"""Where data sets on disk are looked for unless the user says otherwise."""

State = Literal["pruned", "final"]
BudgetName = Literal["train", "prune"]


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Chosen:
    """A component with its options, defaults filled in."""

    component: Component[Any]
    options: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The name, with the options that differ from the defaults."""
        record = self.component.record
        differing = [
            f"{name}={value}"
            for name, value in self.options.items()
            if value != record.options.get(name)
        ]
        return f"{record.name}({', '.join(differing)})" if differing else str(record.name)

    def document(self) -> dict[str, Any]:
        """Return identity and options, as keys hash them."""
        return {**self.component.identity(), "options": dict(self.options)}

    def identity(self) -> ComponentId:
        """Return the component's identity, as results carry it."""
        return ComponentId(**self.component.identity())

    def build(self) -> Any:
        """Import the target and call it with the options.

        Raises:
            TargetError: the target cannot be imported.
            OptionError: the target refused the value of an option.

        """
        return self.component.record.build(self.options)


@dataclass(frozen=True)
class ChosenData(Chosen):
    """A data set, and what of it was found.

    Attributes:
        root: below which data sets on disk are looked for.
        held: its lists of images, for one on disk that was found: what is there decides numbers.
        complete: whether a copy that differs from the published statistics is refused.

    """

    root: Path = DATA_ROOT
    held: ReIDData | ClassificationData | None = field(default=None, compare=False, repr=False)
    complete: bool = True

    @property
    def record(self) -> DatasetRecord:
        """The data set's record."""
        record = self.component.record
        assert isinstance(record, DatasetRecord)
        return record

    @property
    def label(self) -> str:
        """The name, with the options that differ, and whether it may be incomplete."""
        return super().label if self.complete else f"{super().label} (incomplete)"

    @property
    def missing(self) -> bool:
        """Whether it must be on disk, and is not."""
        return self.record.disk is not None and self.held is None

    @property
    def drawn(self) -> bool:
        """Whether its images are drawn: it says so, or a copy on disk does."""
        return self.record.drawn or (self.held is not None and self.held.drawn)

    @cached_property
    def content(self) -> str | None:
        """A hash of what is on disk, None for a data set that needs none."""
        return self.held.fingerprint[:16] if self.held else None

    def document(self) -> dict[str, Any]:
        """Return identity, options and content, as keys hash them."""
        document = super().document()
        return document if self.content is None else {**document, "content": self.content}

    def identity(self) -> ComponentId:
        """Return the data set's identity and content, as results carry them."""
        return ComponentId(**self.component.identity(), content=self.content)

    def build(self) -> ReIDData | ClassificationData:
        """Return its images.

        Raises:
            MissingData: it is on disk, and not found.
            DataError: what is found breaks its rules.

        """
        if self.held is not None:
            return self.held
        return open_dataset(self.component, self.options, self.root)


@dataclass(frozen=True)
class ChosenMethod(Chosen):
    """A method with its strategy and allocation."""

    strategy: Strategy
    allocation: Allocation

    @property
    def record(self) -> MethodRecord:
        """The method's record."""
        record = self.component.record
        assert isinstance(record, MethodRecord)
        return record

    def document(self) -> dict[str, Any]:
        """Return identity, options, strategy and allocation, as keys hash them."""
        return {**super().document(), "strategy": self.strategy, "allocation": self.allocation}


@dataclass(frozen=True)
class Node:
    """A phase or a measurement, keyed by everything that decides its numbers.

    The key is a Merkle hash: the node's own document and the keys of its inputs; nothing about
    devices, workers or paths.
    """

    kind: ClassVar[str]
    """The node's kind, as keys and reports name it."""

    protocol: Protocol
    data: ChosenData

    def document(self) -> dict[str, Any]:
        """Return everything that decides the node's numbers."""
        return {
            "engine": ENGINE,
            "kind": self.kind,
            "protocol": self.protocol.digest,
            "data": self.data.document(),
        }

    @cached_property
    def key(self) -> str:
        """The Merkle hash, 16 hexadecimal digits."""
        return _digest(self.document())[:16]


@dataclass(frozen=True)
class PhaseNode(Node):
    """A phase and the network it starts from; ``network`` is None for an untrained one."""

    backbone: Chosen
    seed: int
    network: PhaseNode | None
    budget: BudgetName | None
    stretch: float = field(default=1.0, kw_only=True)
    """How many times the budget's epochs the phase trains for: not 1 for a control alone."""

    @cached_property
    def rules(self) -> Protocol:
        """The protocol as it is on the phase's data: a classification source trains differently."""
        return self.protocol.on(self.data.record.task)

    @property
    def legs(self) -> tuple[BudgetName, ...]:
        """The budgets that the phase spends, one after the other."""
        return (self.budget,) if self.budget else ()

    @property
    def epochs(self) -> float:
        """Epochs the phase trains for."""
        budgets = (getattr(self.rules.budgets, leg).epochs for leg in self.legs)
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
    """Published weights that stand for training on the data; ``weights`` is a word or a file."""

    kind: ClassVar[str] = "load"

    weights: str | Path

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers: of a file, its content."""
        weights = self.weights if isinstance(self.weights, str) else _content(self.weights)
        return {**super().document(), "weights": weights}


@dataclass(frozen=True)
class PruneNode(PhaseNode):
    """A phase that prunes to a MACs target and retrains; no budget means a cut alone.

    One that is ``joined`` prunes while the train phase before it goes on, and spends its budget
    first.
    """

    kind: ClassVar[str] = "prune"

    method: ChosenMethod
    reduction: float
    joined: bool = field(default=False, kw_only=True)

    @property
    def legs(self) -> tuple[BudgetName, ...]:
        """The budgets that the phase spends, one after the other."""
        return ("train", *super().legs) if self.joined else super().legs

    def document(self) -> dict[str, Any]:
        """Return everything that decides the phase's numbers."""
        return {
            **super().document(),
            "method": self.method.document(),
            "reduction": self.reduction,
            **({"joined": True} if self.joined else {}),
        }


@dataclass(frozen=True)
class EvaluateNode(Node):
    """A measurement of a phase's network on query and gallery."""

    kind: ClassVar[str] = "evaluate"

    network: PhaseNode
    state: State

    def document(self) -> dict[str, Any]:
        """Return everything that decides the measurement."""
        return {**super().document(), "network": self.network.key, "state": self.state}


@dataclass(frozen=True)
class Trial:
    """One trial: its phases in order, and what of them is measured."""

    id: TrialId
    method: ChosenMethod
    data: Mapping[str, ChosenData]
    """The data sets it uses, by domain."""
    phases: tuple[PhaseNode, ...]
    base: EvaluateNode | None
    pruned: EvaluateNode | None
    final: EvaluateNode

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, inputs before what needs them."""
        measured = (self.base, self.pruned, self.final)
        return (*self.phases, *(node for node in measured if node is not None))

    @property
    def prune(self) -> PruneNode:
        """The last prune phase: the one that decides the network's widths."""
        return next(node for node in reversed(self.phases) if isinstance(node, PruneNode))

    def word(self, node: Node) -> str:
        """Return what one of the trial's nodes does: a word or two for people."""
        if isinstance(node, LoadNode):
            return "load weights"
        if isinstance(node, EvaluateNode):
            names = ((self.base, "base"), (self.pruned, "cut"))
            words = (word for measured, word in names if measured and measured.key == node.key)
            return f"measure {next(words, 'final')}"
        if not isinstance(node, PruneNode):
            return node.kind
        if self.method.record.prunes == "nothing":
            return "train further"
        return f"{'prune' if node.budget else 'cut'} {100 * node.reduction:g}%"

    @cached_property
    def key(self) -> str:
        """Hash of all nodes, 16 hexadecimal digits: the result file's name."""
        return _digest({"trial": [node.key for node in self.nodes]})[:16]


@dataclass(frozen=True)
class NotApplicable:
    """A point of the grid that a scenario rules out: a row that says so, and nothing to run."""

    id: TrialId
    components: Mapping[str, Chosen]
    why: str
    protocol: Protocol

    @cached_property
    def key(self) -> str:
        """Hash of what is not tried, 16 hexadecimal digits: the result file's name."""
        parts = {role: chosen.document() for role, chosen in self.components.items()}
        document = {"id": self.id.model_dump(), "parts": parts, "protocol": self.protocol.digest}
        return _digest({"not applicable": document})[:16]


@dataclass(frozen=True)
class Plan:
    """All trials of a suite, and their nodes, shared ones once."""

    suite: Suite
    protocol: Protocol
    trials: tuple[Trial, ...]
    left_out: tuple[NotApplicable, ...] = ()

    @property
    def rows(self) -> Sequence[Trial | NotApplicable]:
        """Every point of the grid, those that a scenario rules out at the end."""
        return [*self.trials, *self.left_out]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every distinct node by key, inputs first."""
        return {node.key: node for trial in self.trials for node in trial.nodes}
