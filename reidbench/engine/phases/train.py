"""A train phase: the whole budget of steps, from the network that the phase before left."""

from __future__ import annotations

from typing import Any

from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import save_network, starting_network
from reidbench.engine.phases.context import Bench
from reidbench.engine.stopwatch import Clock
from reidbench.engine.training import Images, Leg, Network, Trainer, derived_seed
from reidbench.plan import PhaseNode, TrainNode


def run_train(node: TrainNode, bench: Bench) -> None:
    """Train and leave the network in the store under the node's key."""
    images = bench.train_images(node.data, node.rules.input)
    clock = Clock()
    dense = bench.dense(node).graph
    network, plan = starting_network(node, images.identities, bench.store, dense)
    if plan is None:
        plan = PruningPlan.everything(dense)
    network.to(bench.device)
    trainer = make_trainer(node, network, images, bench)
    with clock.running("training"):
        trainer.train(trainer.steps)
    with bench.store.writing(node.key) as (folder, meta):
        save_network(folder, network, plan)
        meta.update(phase_meta(node, trainer, clock))


def make_trainer(node: PhaseNode, network: Network, images: Images, bench: Bench) -> Trainer:
    """Return the trainer of a phase; its batches depend on seed, domain and budget alone."""
    return Trainer(
        network,
        images,
        node.rules.training,
        node.rules.input,
        legs=_legs(node),
        on_step=lambda done, steps, loss: bench.listener(done, steps, f"loss {loss:.3f}"),
    )


def _legs(node: PhaseNode) -> list[Leg]:
    budgets = node.rules.budgets
    return [
        Leg(
            getattr(budgets, leg).epochs * node.stretch,
            derived_seed(node.seed, "phase", node.data.seeded_by, leg),
        )
        for leg in node.legs
    ]


def phase_meta(node: PhaseNode, trainer: Trainer, clock: Clock) -> dict[str, Any]:
    """Return what every phase notes beside its network."""
    return {
        "kind": node.kind,
        "document": node.document(),
        "on": node.data.label,
        "epochs": trainer.epochs,
        "steps": trainer.done,
        "images": trainer.images_seen,
        "waited": round(trainer.waited, 3),
        **clock.notes(),
    }
