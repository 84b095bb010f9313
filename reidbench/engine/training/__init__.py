"""The one way every network here is trained: batches, augmentation, losses, schedule, loop."""

from reidbench.engine.training.batches import Images, PKSampler, make_sampler
from reidbench.engine.training.loop import Trainer, TrainingStage
from reidbench.engine.training.network import Network, build_network
from reidbench.engine.training.seeds import derived_seed, generator

__all__ = [
    "Images",
    "Network",
    "PKSampler",
    "Trainer",
    "TrainingStage",
    "build_network",
    "derived_seed",
    "generator",
    "make_sampler",
]
