"""Trials, rows that do not apply, and the plan of them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reidbench.config.protocol import Protocol
from reidbench.config.suite import Suite
from reidbench.plan.components import Configured, ConfiguredData, ConfiguredMethod
from reidbench.plan.nodes import EvaluateNode, LoadNode, Node, PhaseNode, PruneNode, digest
from reidbench.results import TrialId


@dataclass(frozen=True)
class Trial:
    """One trial: its phases in order, and the measurements of their networks.

    Attributes:
        data: the data sets it uses, by domain.
        base: before pruning, None where nothing compares with it.
        pruned: right after the cut, None where nothing is cut or nothing compares with it.
        final: at the end.

    """

    id: TrialId
    method: ConfiguredMethod
    data: Mapping[str, ConfiguredData]
    phases: tuple[PhaseNode, ...]
    base: EvaluateNode | None
    pruned: EvaluateNode | None
    final: EvaluateNode

    @property
    def components(self) -> dict[str, Configured]:
        """The row's components, by their part in it."""
        return {"method": self.method, "backbone": self.prune.backbone, **self.data}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, inputs before what needs them."""
        measured = (self.base, self.pruned, self.final)
        return (*self.phases, *(node for node in measured if node is not None))

    @property
    def prune(self) -> PruneNode:
        """The last prune phase: the one that decides the network's widths."""
        return next(node for node in reversed(self.phases) if isinstance(node, PruneNode))

    @property
    def cuts(self) -> bool:
        """Whether its method removes channels."""
        return self.method.record.prunes != "nothing"

    def word(self, node: Node) -> str:
        """Return in a word or two what one of the trial's nodes does."""
        if isinstance(node, LoadNode):
            return "load weights"
        if isinstance(node, EvaluateNode):
            names = ((self.base, "base"), (self.pruned, "cut"))
            words = (word for measured, word in names if measured and measured.key == node.key)
            return f"measure {next(words, 'final')}"
        if not isinstance(node, PruneNode):
            return node.kind
        if not self.cuts:
            return "train further"
        return f"{'prune' if node.budget else 'cut'} {100 * node.reduction:g}%"

    @cached_property
    def key(self) -> str:
        """Hash of all nodes, 16 hexadecimal digits: the result file's name."""
        return digest({"trial": [node.key for node in self.nodes]})[:16]


@dataclass(frozen=True)
class NotApplicable:
    """A point of the grid that its scenario excludes: a row that says why, and nothing to run.

    Attributes:
        first: the phase that its neighbours' networks begin with, which names what they learned.

    """

    id: TrialId
    method: ConfiguredMethod
    backbone: Configured
    data: Mapping[str, ConfiguredData]
    first: PhaseNode
    why: str
    protocol: Protocol

    @property
    def components(self) -> dict[str, Configured]:
        """The row's components, by their part in it."""
        return {"method": self.method, "backbone": self.backbone, **self.data}

    @cached_property
    def key(self) -> str:
        """Hash of what is not tried, 16 hexadecimal digits: the result file's name."""
        parts = {role: component.document() for role, component in self.components.items()}
        document = {"id": self.id.model_dump(), "parts": parts, "protocol": self.protocol.digest}
        return digest({"not applicable": document})[:16]


@dataclass(frozen=True)
class Plan:
    """All trials of a suite, and their nodes, shared ones once."""

    suite: Suite
    protocol: Protocol
    trials: tuple[Trial, ...]
    left_out: tuple[NotApplicable, ...] = ()

    @property
    def rows(self) -> Sequence[Trial | NotApplicable]:
        """Every point of the grid, those that a scenario excludes at the end."""
        return [*self.trials, *self.left_out]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every distinct node by key, inputs first."""
        return {node.key: node for trial in self.trials for node in trial.nodes}
