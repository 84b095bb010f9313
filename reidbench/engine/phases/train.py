"""Train and load phases: a network trained for its whole budget, or published weights instead."""

from __future__ import annotations

from typing import Any

from reidbench.config.protocol import Budget
from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import fresh_network, save_network, starting_network
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.resumption import resumable
from reidbench.engine.pruning.torch_settings import unchanged
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Images, Network, Trainer, TrainingStage, derived_seed
from reidbench.engine.training.checkpoints import Checkpoints
from reidbench.engine.training.network import from_weight
from reidbench.engine.training.snapshot import restore_training, training_snapshot
from reidbench.engine.training.throughput import Throughput
from reidbench.plan import LoadNode, PhaseNode, TrainNode
from reidbench.store.curve import Curve
from reidbench.text import training_note


def run_train(node: TrainNode, context: PhaseContext) -> None:
    """Train and leave the network in the store under the node's key."""
    images = context.train_images(node.data, node.rules.input)
    stopwatch, curve = Stopwatch(), Curve()
    dense = context.dense(node).graph
    network, plan = starting_network(node, images.identities, context.store, dense)
    if plan is None:
        plan = PruningPlan.everything(dense)
    network.to(context.device)
    with resumable(node, context, stopwatch, curve) as checkpoints:
        trainer = make_trainer(node, network, images, context, checkpoints, curve)
        checkpoints.take_by(lambda: training_snapshot(trainer))
        if checkpoints.found is not None:
            restore_training(trainer, checkpoints.found)
        with stopwatch.running("training"), unchanged(node.backbone.label, "backbone"):
            trainer.train(trainer.steps - trainer.done)
        with context.store.writing(node.key) as (folder, meta):
            save_network(folder, network, plan)
            curve.write(folder)
            meta.update(phase_meta(node, trainer, stopwatch))


def make_trainer(
    node: PhaseNode,
    network: Network,
    images: Images,
    context: PhaseContext,
    checkpoints: Checkpoints | None = None,
    curve: Curve | None = None,
) -> Trainer:
    """Return the trainer of a phase; its batches depend on seed, domain and budget alone."""
    throughput, curve = Throughput(), curve or Curve()

    def on_step(done: int, steps: int, loss: float) -> None:
        throughput.step(done, trainer.images_seen)
        speed, rate = throughput.images_per_second, trainer.learning_rate
        curve.step(done, steps, epoch=trainer.epochs, loss=loss, rate=rate, speed=speed)
        context.listener(done, steps, training_note(loss, speed))
        if checkpoints is not None:
            checkpoints.after_step(done, steps)

    trainer = Trainer(
        network,
        images,
        node.rules.training,
        node.rules.input,
        stages=_stages(node),
        on_step=on_step,
    )
    return trainer


def _stages(node: PhaseNode) -> list[TrainingStage]:
    budgets: dict[str, Budget] = {name: getattr(node.rules.budgets, name) for name in node.stages}
    return [
        TrainingStage(
            budget.epochs * node.stretch,
            derived_seed(node.seed, "phase", node.data.seeded_by, name),
            budget.learning_rate,
        )
        for name, budget in budgets.items()
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


def run_load(node: LoadNode, context: PhaseContext) -> None:
    """Load published weights and leave the network in the store under the node's key.

    Raises:
        WeightsError: they are not there, or not of this network.
    """
    stopwatch = Stopwatch()
    with stopwatch.running("loading"):
        network = fresh_network(node, identities=1)
        load = node.backbone.component.record.weights_loader()
        classifier = load(network.backbone, node.weights)
        # Under a BNNeck, which it has never seen, the published classifier means nothing; nor does
        # one of another embedding, where a layer before it is left out.
        if (
            classifier is not None
            and not node.rules.training.bnneck
            and classifier.shape[1] == network.classifier.in_features
        ):
            network.classifier = from_weight(classifier)
        plan = PruningPlan.everything(context.dense(node).graph)
    with context.store.writing(node.key) as (folder, meta):
        save_network(folder, network, plan)
        meta.update(
            kind=node.kind,
            classes=len(network.classifier.weight),
            document=node.document(),
            protocol=node.protocol.document(),
            on=node.data.label,
            epochs=0.0,
            steps=0,
            **stopwatch.notes(),
        )
