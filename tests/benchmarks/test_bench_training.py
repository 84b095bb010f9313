"""What the training loop adds to a bare forward, backward and step on a batch that lies ready."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from reidbench.config.protocol import Protocol, load_protocol
from reidbench.engine.training import Images, Network, Trainer, TrainingStage, build_network
from reidbench.engine.training.augment import normalise
from reidbench.engine.training.loop import batch_loss, make_optimiser
from reidbench.plugins import discover
from tests.benchmarks.turns import in_turns, note, ratio

PEOPLE, SHOTS = 64, 16
FOREVER = 1000.0


@dataclass(frozen=True)
class Setting:
    """A network, its input, and the work of a turn."""

    backbone: str
    height: int
    width: int
    batch: int
    steps: int
    rounds: int


SETTINGS = {
    "ResNet-18 at 64 x 32": Setting("resnet18", 64, 32, batch=64, steps=8, rounds=12),
    "ResNet-50 at 256 x 128": Setting("resnet50", 256, 128, batch=32, steps=2, rounds=6),
}
TINY = Setting("resnet18", 32, 16, batch=8, steps=1, rounds=1)


def rules_of(setting: Setting, precision: str) -> Protocol:
    """Return ``reid/1`` with another input, batch and precision."""
    rules = load_protocol("reid/1").model_dump()
    rules["source"] = None
    rules["input"].update(height=setting.height, width=setting.width)
    batch = {"identities": setting.batch // 4, "images": 4}
    rules["training"].update(batch=batch, precision=precision)
    return Protocol.model_validate(rules)


@pytest.mark.benchmark(group="training")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_loop_beside_bare_steps(benchmark: BenchmarkFixture, name: str, precision: str) -> None:
    setting = SETTINGS[name] if benchmark.enabled else TINY
    rules = rules_of(setting, precision)
    images = drawn(setting)
    losses: list[float] = []
    trainer = Trainer(
        network_of(setting, rules),
        images,
        rules.training,
        rules.input,
        legs=[TrainingStage(FOREVER, seed=0)],
        on_step=lambda done, steps, loss: losses.append(loss),
    )
    bare = Bare(network_of(setting, rules), images, rules)
    ours, peer = in_turns(
        benchmark,
        lambda: trainer.train(setting.steps),
        lambda: [bare.step() for _ in range(setting.steps)],
        rounds=setting.rounds,
    )
    assert all(math.isfinite(loss) for loss in losses + bare.losses)
    # Both train: the bare one learns its only batch by heart.
    assert not benchmark.enabled or bare.losses[-1] < bare.losses[0]
    assert trainer.images_seen == trainer.done * setting.batch
    turn = setting.steps * setting.batch
    beside = {
        "ours": f"{turn / median(ours.seconds):.1f} images/s",
        "bare": f"{turn / median(peer.seconds):.1f} images/s",
        "waiting for batches": f"{trainer.waited / (sum(ours.seconds) or 1):.1%}",
    }
    what = f"training loop, {name}, batch {setting.batch}, {precision}, over bare steps"
    note(benchmark, what, 1 / ratio(ours, peer), 0.95, "at least", "x", **beside)


class Bare:
    """Forward, backward and step on one batch that lies ready, and nothing else."""

    def __init__(self, network: Network, images: Images, rules: Protocol) -> None:
        self.network, self.rules = network, rules.training
        self.optimiser = make_optimiser(network, rules.training)
        chosen = torch.arange(rules.training.batch.size)
        self.images = normalise(images.pixels[chosen], rules.input)
        self.labels = images.labels[chosen]
        self.losses: list[float] = []
        network.train()

    def step(self) -> None:
        """Take one step."""
        loss = batch_loss(self.network, self.images, self.labels, self.rules)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.losses.append(loss.item())


def network_of(setting: Setting, rules: Protocol) -> Network:
    """Return an untrained network."""
    record = discover().backbones.get(setting.backbone).record
    return build_network(
        lambda: record.build(record.settings({})), rules.input.size, PEOPLE, bnneck=True, seed=0
    )


def drawn(setting: Setting) -> Images:
    """Return images of people, each a colour with noise; four of each stand together."""
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(PEOPLE).repeat(SHOTS // 4).repeat_interleave(4)
    colours = torch.randint(40, 216, (PEOPLE, 3, 1, 1), generator=random)
    shape = (len(labels), 3, setting.height, setting.width)
    noise = torch.randint(-40, 40, shape, generator=random, dtype=torch.int16)
    return Images((colours[labels] + noise).clamp(0, 255).to(torch.uint8), labels)
