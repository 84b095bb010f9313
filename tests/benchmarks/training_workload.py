"""A network, its rules and its images, as benchmarks of training need them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reidbench.config.protocol import Protocol, load_protocol
from reidbench.engine.training import Images, Network, build_network
from reidbench.plugins import discover

PEOPLE, SHOTS = 64, 16
FOREVER = 1000.0
"""Epochs: more than any benchmark takes."""


@dataclass(frozen=True)
class Workload:
    """A network, its input, and the work of a turn."""

    backbone: str
    height: int
    width: int
    batch: int
    steps: int
    rounds: int


WORKLOADS = {
    "ResNet-18 at 64 x 32": Workload("resnet18", 64, 32, batch=64, steps=8, rounds=12),
    "ResNet-50 at 256 x 128": Workload("resnet50", 256, 128, batch=32, steps=2, rounds=6),
}
TINY = Workload("resnet18", 32, 16, batch=8, steps=1, rounds=1)


def rules_of(workload: Workload, precision: str) -> Protocol:
    """Return ``reid/1`` with another input, batch and precision."""
    rules = load_protocol("reid/1").model_dump()
    rules["source"] = None
    rules["input"].update(height=workload.height, width=workload.width)
    batch = {"identities": workload.batch // 4, "images": 4}
    rules["training"].update(batch=batch, precision=precision)
    return Protocol.model_validate(rules)


def network_of(workload: Workload, rules: Protocol) -> Network:
    """Return an untrained network."""
    record = discover().backbones.get(workload.backbone).record
    return build_network(
        lambda: record.build(record.settings({})), rules.input.size, PEOPLE, bnneck=True, seed=0
    )


def drawn(workload: Workload) -> Images:
    """Return images of people, each a colour with noise; four of each stand together."""
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(PEOPLE).repeat(SHOTS // 4).repeat_interleave(4)
    colours = torch.randint(40, 216, (PEOPLE, 3, 1, 1), generator=random)
    shape = (len(labels), 3, workload.height, workload.width)
    noise = torch.randint(-40, 40, shape, generator=random, dtype=torch.int16)
    return Images((colours[labels] + noise).clamp(0, 255).to(torch.uint8), labels)
