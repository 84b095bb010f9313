"""A load phase: published weights in place of training on the source."""

from __future__ import annotations

from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import fresh_network, save_network
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training.network import from_weight
from reidbench.plan import LoadNode


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
        # Under a BNNeck, which it has never seen, the published classifier means nothing.
        if classifier is not None and not node.rules.training.bnneck:
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
