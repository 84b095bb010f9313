"""The one way every network here is trained: batches, augmentation, losses, schedule, loop."""

from reidbench.training.batches import Images, PKSampler
from reidbench.training.loop import Trainer
from reidbench.training.network import Network, build_network
from reidbench.training.seeds import derived_seed, generator

__all__ = [
    "Images",
    "Network",
    "PKSampler",
    "Trainer",
    "build_network",
    "derived_seed",
    "generator",
]
