"""How many unseen pictures of a classification source a network names rightly."""

from __future__ import annotations

import torch

from reidbench.engine.phases import PhaseContext
from reidbench.engine.phases.checkpoint import fresh_network, load_network
from reidbench.engine.phases.evaluate import as_measured
from reidbench.engine.training.augment import normalise
from reidbench.plan import PhaseNode
from reidbench.plan.components import ConfiguredData


def unseen_pictures(source: ConfiguredData) -> ConfiguredData:
    """Return other pictures of a drawn source's classes: those of the next seed.

    Raises:
        ValueError: people, or a source without a seed, which has no others.
    """
    if source.record.task != "classification" or "seed" not in source.options:
        raise ValueError(
            f"{source.label} is no classification set with an option 'seed', which draws pictures "
            "that networks have not seen; measure a drawn one"
        )
    options = {**source.options, "seed": source.options["seed"] + 1}
    return ConfiguredData(source.component, options)


def accuracy(network: PhaseNode, pictures: ConfiguredData, context: PhaseContext) -> float:
    """Return the percentage of pictures whose class a stored network ranks first."""
    rules = network.rules
    images = context.train_images(pictures, rules.input)
    built = fresh_network(network, images.identities)
    folder, graph = context.store.folder(network.key), context.dense(network).graph
    load_network(folder, built, rules.input.size, classifier=True, graph=graph)
    built.eval()
    right = 0
    with torch.no_grad(), as_measured(rules, context.device):
        size = rules.evaluation.batch
        for pixels, labels in zip(
            images.pixels.split(size), images.labels.split(size), strict=True
        ):
            logits = built.for_training(normalise(pixels, rules.input))[1]
            right += int((logits.argmax(dim=1) == labels).sum())
    return 100 * right / len(images)
