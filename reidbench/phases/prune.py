"""A prune phase: from the base network to one at the target MACs, retraining included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reidbench.channels import (
    ChannelGraph,
    PruningPlan,
    capture,
    carry_optimizer_state,
    parameters,
    remove,
    soften,
    view,
)
from reidbench.errors import Diverged
from reidbench.method import Method
from reidbench.phases.bench import Bench
from reidbench.phases.checkpoint import PRUNED, fresh_network, save_network, starting_network
from reidbench.phases.ranking import MethodError, Ranking, calibration_batches, checked_scores
from reidbench.phases.recalibration import recalibrated
from reidbench.phases.solving import comparable, next_plan, relative
from reidbench.phases.strategies import STRATEGIES
from reidbench.phases.train import Clock, make_trainer, phase_meta
from reidbench.plan import PruneNode
from reidbench.training import Network, Trainer, derived_seed, generator
from reidbench.training.seeds import isolated


def run_prune(node: PruneNode, bench: Bench) -> None:
    """Prune, retrain, verify the MACs, and leave the network in the store under the node's key.

    Raises:
        MethodError: the method missed the target or did not spend its budget.
        Diverged: the loss is no longer finite.

    """
    phase = begin_prune(node, bench)
    phase.method.prune(phase)
    phase.verify()
    with bench.store.writing(node.key) as (folder, meta):
        phase.save(folder)
        meta.update(phase_meta(node, phase.trainer, phase.clock))
        meta.update(phase.report())


def begin_prune(node: PruneNode, bench: Bench) -> Pruning:
    """Return the prune phase with nothing done yet."""
    images = bench.train_images(node.data, node.protocol.input)
    untrained = fresh_network(node, images.identities).backbone
    dense = capture(untrained, node.protocol.input.size)
    network, plan = starting_network(node, images.identities, bench.store)
    network.to(bench.device)
    random = generator(node.seed, "calibration", node.data.label)
    return Pruning(
        node=node,
        method=node.method.build(),
        dense=dense,
        dense_parameters=parameters(untrained),
        graph=dense if plan is None else capture(network.backbone, node.protocol.input.size),
        plan=plan or PruningPlan.everything(dense),
        network=network,
        trainer=make_trainer(node, network, images, bench),
        calibration=calibration_batches(images, node.protocol, random, bench.device),
        random=generator(node.seed, "ranking"),
        clock=Clock(),
    )


@dataclass
class Pruning:
    """The :class:`reidbench.api.PrunePhase` of one prune phase.

    All solving happens on the dense graph in original channel indices, whatever is gone already,
    so that reductions, floors and allocations always refer to the dense network.
    """

    node: PruneNode
    method: Method
    dense: ChannelGraph
    dense_parameters: int
    graph: ChannelGraph
    plan: PruningPlan
    network: Network
    trainer: Trainer
    calibration: list[tuple[Tensor, Tensor]]
    random: torch.Generator
    clock: Clock
    just_cut: Network | None = None

    @property
    def target(self) -> float:
        """The reduction to reach."""
        return self.node.reduction

    @property
    def steps(self) -> int:
        """Optimiser steps of the phase."""
        return self.trainer.steps

    @property
    def steps_left(self) -> int:
        """Optimiser steps not spent yet."""
        return self.trainer.steps - self.trainer.done

    @property
    def achieved(self) -> float:
        """The reduction of MACs reached so far."""
        return 1 - self.dense.macs.total(self.plan.widths) / self.dense.macs.total()

    def strategy(self) -> None:
        """Run the strategy of the record or the suite."""
        run = STRATEGIES[self.node.method.strategy]
        run(self, self.method, self.node.protocol.pruning)

    def rank(self) -> Mapping[str, Tensor]:
        """Return the method's checked scores by group, of the network as it stands.

        Methods look at a copy with batch norm recalibrated: the running statistics of a network
        that was cut a few steps ago still describe the one before.

        Raises:
            Diverged: weights that are no longer finite.
            MethodError: scores that break the contract.

        """
        with self.clock.running("ranking"):
            self._refuse_non_finite()
            network = self._recalibrated()
            groups = self.graph.in_scope(self.node.protocol.pruning.scope)
            ranking = Ranking(
                self.node.method.label,
                network,
                [view(network.backbone, self.graph, group) for group in groups],
                self.calibration,
                self.node.protocol,
                self.random,
            )
            # A method that draws from torch's global generators stays reproducible.
            with isolated(derived_seed(self.node.seed, "ranking", self.trainer.done)):
                return checked_scores(self.method, ranking)

    def cut(self, reduction: float) -> None:
        """Rank, and remove channels for good; momentum of what stays goes on."""
        plan = self._next(reduction)
        with self.clock.running("cutting"):
            removal = remove(self.backbone, self.graph, relative(plan, self.plan))
            carry_optimizer_state(self.trainer.optimiser, removal)
            self.plan = plan
            self.graph = capture(self.backbone, self.node.protocol.input.size)
        if self._on_target and self.node.budget is not None:
            with self.clock.running("recalibration"):
                self.just_cut = self._recalibrated()

    def soften(self, reduction: float) -> None:
        """Rank, and zero filters that may grow back."""
        plan = relative(self._next(reduction), self.plan)
        with self.clock.running("cutting"):
            soften(self.backbone, self.graph, plan, self.trainer.optimiser)

    def train(self, steps: int) -> None:
        """Train on with the phase's one learning-rate schedule."""
        if steps > self.steps_left:
            raise MethodError(
                f"method '{self.node.method.label}' asked for {steps} steps with {self.steps_left} "
                f"of {self.steps} left; every method trains for the same budget"
            )
        with self.clock.running("training"):
            self.trainer.train(steps)

    def verify(self) -> None:
        """Refuse a method that missed the target, or kept some of its budget."""
        name = self.node.method.label
        if self.steps_left:
            raise MethodError(
                f"method '{name}' left {self.steps_left} of {self.steps} steps unspent; "
                "every method trains for the whole budget"
            )
        if not self._on_target:
            raise MethodError(
                f"method '{name}' reached a reduction of {self.achieved:.4f}, the target is "
                f"{self.target:.4f}: outside the protocol's tolerance"
            )

    def save(self, folder: Path) -> None:
        """Write the final network, and the one right after the cut."""
        save_network(folder, self.network, self.plan)
        if self.just_cut is not None:
            save_network(folder / PRUNED, self.just_cut, self.plan)

    def report(self) -> dict[str, Any]:
        """Return cost and widths, as results carry them."""
        return {
            "cost": {
                "macs": self.dense.macs.total(self.plan.widths),
                "dense_macs": self.dense.macs.total(),
                "parameters": parameters(self.backbone),
                "dense_parameters": self.dense_parameters,
            },
            "widths": {
                name: {"kept": width, "size": self.plan.sizes[name]}
                for name, width in self.plan.widths.items()
            },
        }

    @property
    def backbone(self) -> nn.Module:
        """The part of the network that is pruned."""
        return self.network.backbone

    @property
    def _on_target(self) -> bool:
        return abs(self.achieved - self.target) <= self.node.protocol.pruning.tolerance

    def _recalibrated(self) -> Network:
        return recalibrated(self.network, (images for images, _ in self.calibration))

    def _refuse_non_finite(self) -> None:
        # A loss may still be finite when the step after it was not.
        if not all(torch.isfinite(weights).all() for weights in self.network.parameters()):
            raise Diverged(f"weights are no longer finite after step {self.trainer.done}")

    def _next(self, reduction: float) -> PruningPlan:
        """Return the plan for ``reduction``, by the scores of the network as it stands."""
        scores, allocation = self.rank(), self.node.method.allocation
        if allocation == "global":
            scores = comparable(scores, self.method.normalisation)
        return next_plan(
            self.dense,
            self.plan,
            scores,
            reduction=reduction,
            allocation=allocation,
            rules=self.node.protocol.pruning,
        )
