"""A prune phase: from the base network to one at the target MACs, retraining included."""

from __future__ import annotations

from typing import Any

from reidbench.engine.channels import PruningPlan, capture, parameters
from reidbench.engine.phases.checkpoint import PRUNED, save_network, starting_network
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.resumption import resumable
from reidbench.engine.phases.train import make_trainer, phase_meta
from reidbench.engine.pruning.calibration import calibration_batches
from reidbench.engine.pruning.cut_planner import with_rounds
from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.pruning.prunable_network import PrunableNetwork
from reidbench.engine.pruning.score_cache import ScoreCache
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import generator
from reidbench.engine.training.checkpoints import Checkpoints
from reidbench.plan import PruneNode
from reidbench.store.curve import Curve


def run_prune(node: PruneNode, context: PhaseContext) -> None:
    """Prune, retrain, verify the MACs, and leave the network in the store under the node's key.

    Raises:
        MethodError: the method missed the target or did not spend its budget.
        Diverged: the loss is no longer finite.
    """
    context.train_images(node.data, node.rules.input)  # decoding is not the phase's time
    stopwatch, curve = Stopwatch(), Curve()
    with resumable(node, context, stopwatch, curve) as checkpoints:
        scores = ScoreCache(node, context.store)
        phase = begin_prune(node, context, scores, stopwatch, checkpoints, curve)
        phase.run()
        phase.verify()
        with context.store.writing(node.key) as (folder, meta):
            save_network(folder, phase.prunable.network, phase.prunable.plan)
            if phase.just_cut is not None:
                save_network(folder / PRUNED, phase.just_cut, phase.prunable.plan)
            curve.write(folder)
            meta.update(phase_meta(node, phase.trainer, phase.stopwatch))
            meta.update(_report(phase))


def begin_prune(
    node: PruneNode,
    context: PhaseContext,
    score_cache: ScoreCache | None = None,
    stopwatch: Stopwatch | None = None,
    checkpoints: Checkpoints | None = None,
    curve: Curve | None = None,
) -> Pruning:
    """Return the prune phase with nothing done yet; ``score_cache`` may spare it its ranking."""
    rules = node.rules
    images = context.train_images(node.data, rules.input)
    stopwatch = stopwatch or Stopwatch()
    dense, dense_parameters = context.dense(node)
    network, plan = starting_network(node, images.identities, context.store, dense)
    everything = PruningPlan.everything(dense)
    plan = plan or everything
    achieved = 1 - dense.macs.total(plan.widths) / dense.macs.total()
    network.to(context.device)
    random = generator(node.seed, "calibration", node.data.seeded_by)
    return Pruning(
        node=node,
        method=node.method.build(),
        prunable=PrunableNetwork(
            network=network,
            dense=dense,
            dense_parameters=dense_parameters,
            graph=dense if plan == everything else capture(network.backbone, rules.input.size),
            plan=plan,
            protocol=with_rounds(rules, dense, node.reduction, achieved),
            calibration=calibration_batches(images, rules, random, context.device),
        ),
        trainer=make_trainer(node, network, images, context, checkpoints, curve),
        random=generator(node.seed, "ranking"),
        stopwatch=stopwatch,
        score_cache=score_cache,
        checkpoints=checkpoints,
    )


def _report(phase: Pruning) -> dict[str, Any]:
    """Return cost and widths, as results carry them."""
    plan, macs = phase.prunable.plan, phase.prunable.dense.macs
    return {
        "cost": {
            "macs": macs.total(plan.widths),
            "dense_macs": macs.total(),
            "parameters": parameters(phase.prunable.network.backbone),
            "dense_parameters": phase.prunable.dense_parameters,
        },
        "widths": {
            name: {"kept": width, "size": plan.sizes[name]} for name, width in plan.widths.items()
        },
    }
