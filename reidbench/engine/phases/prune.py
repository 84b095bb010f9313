"""A prune phase: from the base network to one at the target MACs, retraining included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reidbench.engine.channels import PruningPlan, capture, parameters
from reidbench.engine.phases.checkpoint import PRUNED, save_network, starting_network
from reidbench.engine.phases.context import Bench
from reidbench.engine.phases.score_cache import StoredScores
from reidbench.engine.phases.train import make_trainer, phase_meta
from reidbench.engine.pruning.calibration import calibration_batches
from reidbench.engine.pruning.next_plan import with_rounds
from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.pruning.pruned_network import Subject
from reidbench.engine.stopwatch import Clock
from reidbench.engine.training import generator
from reidbench.plan import PruneNode


def run_prune(node: PruneNode, bench: Bench) -> None:
    """Prune, retrain, verify the MACs, and leave the network in the store under the node's key.

    Raises:
        MethodError: the method missed the target or did not spend its budget.
        Diverged: the loss is no longer finite.

    """
    phase = begin_prune(node, bench)
    phase.shelf = StoredScores(node, bench.store)
    phase.run()
    phase.verify()
    with bench.store.writing(node.key) as (folder, meta):
        _save(phase, folder)
        meta.update(phase_meta(node, phase.trainer, phase.clock))
        meta.update(_report(phase))


def begin_prune(node: PruneNode, bench: Bench) -> Pruning:
    """Return the prune phase with nothing done yet."""
    rules = node.rules
    images = bench.train_images(node.data, rules.input)
    clock = Clock()
    dense, dense_parameters = bench.dense(node)
    network, plan = starting_network(node, images.identities, bench.store, dense)
    everything = PruningPlan.everything(dense)
    plan = plan or everything
    gone = 1 - dense.macs.total(plan.widths) / dense.macs.total()
    network.to(bench.device)
    random = generator(node.seed, "calibration", node.data.seeded_by)
    return Pruning(
        node=node,
        method=node.method.build(),
        subject=Subject(
            network=network,
            dense=dense,
            dense_parameters=dense_parameters,
            graph=dense if plan == everything else capture(network.backbone, rules.input.size),
            plan=plan,
            protocol=with_rounds(rules, dense, node.reduction, gone),
            calibration=calibration_batches(images, rules, random, bench.device),
        ),
        trainer=make_trainer(node, network, images, bench),
        random=generator(node.seed, "ranking"),
        clock=clock,
    )


def _save(phase: Pruning, folder: Path) -> None:
    """Write the final network, and the one right after the cut."""
    save_network(folder, phase.subject.network, phase.subject.plan)
    if phase.just_cut is not None:
        save_network(folder / PRUNED, phase.just_cut, phase.subject.plan)


def _report(phase: Pruning) -> dict[str, Any]:
    """Return cost and widths, as results carry them."""
    plan, macs = phase.subject.plan, phase.subject.dense.macs
    return {
        "cost": {
            "macs": macs.total(plan.widths),
            "dense_macs": macs.total(),
            "parameters": parameters(phase.subject.network.backbone),
            "dense_parameters": phase.subject.dense_parameters,
        },
        "widths": {
            name: {"kept": width, "size": plan.sizes[name]} for name, width in plan.widths.items()
        },
    }
