"""A train phase: the whole budget of steps, from the network that the phase before left."""

from __future__ import annotations

from typing import Any

from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import save_network, starting_network
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Images, Network, Trainer, TrainingStage, derived_seed
from reidbench.plan import PhaseNode, TrainNode


def run_train(node: TrainNode, context: PhaseContext) -> None:
    """Train and leave the network in the store under the node's key."""
    images = context.train_images(node.data, node.rules.input)
    stopwatch = Stopwatch()
    dense = context.dense(node).graph
    network, plan = starting_network(node, images.identities, context.store, dense)
    if plan is None:
        plan = PruningPlan.everything(dense)
    network.to(context.device)
    trainer = make_trainer(node, network, images, context)
    with stopwatch.running("training"):
        trainer.train(trainer.steps)
    with context.store.writing(node.key) as (folder, meta):
        save_network(folder, network, plan)
        meta.update(phase_meta(node, trainer, stopwatch))


def make_trainer(
    node: PhaseNode, network: Network, images: Images, context: PhaseContext
) -> Trainer:
    """Return the trainer of a phase; its batches depend on seed, domain and budget alone."""
    return Trainer(
        network,
        images,
        node.rules.training,
        node.rules.input,
        stages=_stages(node),
        on_step=lambda done, steps, loss: context.listener(done, steps, f"loss {loss:.3f}"),
    )


def _stages(node: PhaseNode) -> list[TrainingStage]:
    budgets = node.rules.budgets
    return [
        TrainingStage(
            getattr(budgets, stage).epochs * node.stretch,
            derived_seed(node.seed, "phase", node.data.seeded_by, stage),
        )
        for stage in node.stages
    ]


def phase_meta(node: PhaseNode, trainer: Trainer, stopwatch: Stopwatch) -> dict[str, Any]:
    """Return the notes that every phase stores with its network."""
    return {
        "kind": node.kind,
        "document": node.document(),
        "protocol": node.protocol.document(),
        "on": node.data.label,
        "epochs": trainer.epochs,
        "steps": trainer.done,
        "images": trainer.images_seen,
        "waited": round(trainer.waited, 3),
        **stopwatch.notes(),
    }
