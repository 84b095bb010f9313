"""A prune phase: from the base network to one at the target MACs, retraining included."""

from __future__ import annotations

import copy
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
    solve,
    view,
)
from reidbench.method import Method
from reidbench.phases.bench import Bench
from reidbench.phases.checkpoint import PRUNED, fresh_network, save_network, starting_network
from reidbench.phases.ranking import (
    MethodError,
    Ranking,
    calibration_batches,
    checked_scores,
    comparable,
)
from reidbench.phases.strategies import STRATEGIES
from reidbench.phases.train import Clock, make_trainer, phase_meta
from reidbench.plan import PruneNode
from reidbench.training import Network, Trainer, generator

_NEARLY = 1e-9


def run_prune(node: PruneNode, bench: Bench) -> None:
    """Prune, retrain, verify the MACs, and leave the network in the store under the node's key.

    Raises:
        MethodError: the method missed the target or did not spend its budget.
        Diverged: the loss is no longer finite.

    """
    images = bench.train_images(node.data, node.protocol.input)
    dense = fresh_network(node, images.identities)
    graph = capture(dense.backbone, node.protocol.input.size)
    network, plan = starting_network(node, images.identities, bench.store)
    network.to(bench.device)
    random = generator(node.seed, "calibration", node.data.label)
    phase = Pruning(
        node=node,
        method=node.method.build(),
        dense=graph,
        graph=graph if plan is None else capture(network.backbone, node.protocol.input.size),
        plan=plan or PruningPlan.everything(graph),
        network=network,
        trainer=make_trainer(node, network, images, bench),
        calibration=calibration_batches(
            images, node.protocol.pruning.calibration, node.protocol, random, bench.device
        ),
        random=generator(node.seed, "ranking"),
        clock=Clock(),
    )
    phase.method.prune(phase)
    phase.verify()
    with bench.store.writing(node.key) as (folder, meta):
        phase.save(folder)
        meta.update(phase_meta(node, phase.trainer, phase.clock))
        meta.update(phase.report(parameters(dense.backbone)))


@dataclass
class Pruning:
    """The :class:`reidbench.api.PrunePhase` of one prune phase.

    All solving happens on the dense graph in original channel indices, whatever is gone already,
    so that reductions, floors and allocations always refer to the dense network.
    """

    node: PruneNode
    method: Method
    dense: ChannelGraph
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
        """Return the method's checked scores by group, of the network as it stands."""
        with self.clock.running("ranking"):
            groups = self.graph.in_scope(self.node.protocol.pruning.scope)
            ranking = Ranking(
                self.network,
                [view(self._backbone, self.graph, group) for group in groups],
                self.calibration,
                self.node.protocol,
                self.random,
            )
            return checked_scores(self.method, self.node.method.label, ranking)

    def cut(self, reduction: float) -> None:
        """Rank, and remove channels for good; momentum of what stays goes on."""
        plan = self._solve(reduction)
        with self.clock.running("cutting"):
            removal = remove(self._backbone, self.graph, self._relative(plan))
            carry_optimizer_state(self.trainer.optimiser, removal)
            self.plan = plan
            self.graph = capture(self._backbone, self.node.protocol.input.size)
        if reduction >= self.target - _NEARLY and self.node.budget is not None:
            self.just_cut = self._recalibrated()

    def soften(self, reduction: float) -> None:
        """Rank, and zero filters that may grow back."""
        plan = self._solve(reduction)
        with self.clock.running("cutting"):
            soften(self._backbone, self.graph, self._relative(plan), self.trainer.optimiser)

    def train(self, steps: int) -> None:
        """Train on with the phase's one learning-rate schedule."""
        with self.clock.running("training"):
            self.trainer.train(steps)

    def verify(self) -> None:
        """Refuse a method that missed the target, or kept or overspent its budget."""
        name = self.node.method.label
        if self.steps_left:
            raise MethodError(
                f"method '{name}' left {self.steps_left} of {self.steps} steps unspent; "
                "every method trains for the whole budget"
            )
        if abs(self.achieved - self.target) > self.node.protocol.pruning.tolerance:
            raise MethodError(
                f"method '{name}' reached a reduction of {self.achieved:.4f}, the target is "
                f"{self.target:.4f}: outside the protocol's tolerance"
            )

    def save(self, folder: Path) -> None:
        """Write the final network, and the one right after the cut."""
        save_network(folder, self.network, self.plan)
        if self.just_cut is not None:
            save_network(folder / PRUNED, self.just_cut, self.plan)

    def report(self, dense_parameters: int) -> dict[str, Any]:
        """Return cost and widths, as results carry them."""
        return {
            "cost": {
                "macs": self.dense.macs.total(self.plan.widths),
                "dense_macs": self.dense.macs.total(),
                "parameters": parameters(self._backbone),
                "dense_parameters": dense_parameters,
            },
            "widths": {
                name: {"kept": width, "size": self.plan.sizes[name]}
                for name, width in self.plan.widths.items()
            },
        }

    @property
    def _backbone(self) -> nn.Module:
        return self.network.backbone

    def _solve(self, reduction: float) -> PruningPlan:
        """Return the plan for ``reduction`` in original indices; what is gone stays gone."""
        scores = self.rank()
        if self.node.method.allocation == "global":
            scores = comparable(scores, self.method)
        lowest = min(float(values.min()) for values in scores.values()) - 1
        full = {}
        for name, values in scores.items():
            full[name] = torch.full((self.plan.sizes[name],), lowest, dtype=torch.float64)
            full[name][list(self.plan.kept[name])] = values
        rules = self.node.protocol.pruning
        return solve(
            self.dense,
            full,
            reduction=reduction,
            allocation=self.node.method.allocation,
            scope=rules.scope,
            min_keep=rules.min_keep,
        )

    def _relative(self, plan: PruningPlan) -> PruningPlan:
        """Express a plan in indices of the network as it stands."""
        kept = {}
        for name, current in self.plan.kept.items():
            position = {channel: index for index, channel in enumerate(current)}
            kept[name] = tuple(position[channel] for channel in plan.kept[name])
        return PruningPlan(kept, self.plan.widths)

    def _recalibrated(self) -> Network:
        """Return a copy with batch-norm statistics of its own (EagleEye, Li et al. 2020)."""
        with self.clock.running("recalibration"):
            network = copy.deepcopy(self.network)
            norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
            momenta = [norm.momentum for norm in norms]
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None  # a plain average over the batches
            network.train()
            with torch.no_grad():
                for images, _ in self.calibration:
                    network(images)
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
            return network
