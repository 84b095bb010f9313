"""Trials, the rows that do not apply, and the plan that holds them all."""

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
    """One trial: its phases in order, and what of them is measured."""

    id: TrialId
    method: ConfiguredMethod
    data: Mapping[str, ConfiguredData]
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
        return digest({"trial": [node.key for node in self.nodes]})[:16]


@dataclass(frozen=True)
class NotApplicable:
    """A point of the grid that a scenario rules out: a row that says so, and nothing to run."""

    id: TrialId
    components: Mapping[str, Configured]
    why: str
    protocol: Protocol

    @cached_property
    def key(self) -> str:
        """Hash of what is not tried, 16 hexadecimal digits: the result file's name."""
        parts = {role: chosen.document() for role, chosen in self.components.items()}
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
        """Every point of the grid, those that a scenario rules out at the end."""
        return [*self.trials, *self.left_out]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every distinct node by key, inputs first."""
        return {node.key: node for trial in self.trials for node in trial.nodes}
