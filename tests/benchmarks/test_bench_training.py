"""What the training loop adds to a bare forward, backward and step on a batch that lies ready."""

from __future__ import annotations

import math
from statistics import median

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from reidbench.config.protocol import Protocol
from reidbench.engine.training import Images, Network, Trainer, TrainingStage
from reidbench.engine.training.augment import normalise
from reidbench.engine.training.loop import batch_loss, make_optimiser
from tests.benchmarks.training_workload import (
    FOREVER,
    TINY,
    WORKLOADS,
    drawn,
    network_of,
    rules_of,
)
from tests.benchmarks.turns import in_turns, note, ratio


@pytest.mark.benchmark(group="training")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_the_loop_beside_bare_steps(benchmark: BenchmarkFixture, name: str, precision: str) -> None:
    workload = WORKLOADS[name] if benchmark.enabled else TINY
    rules = rules_of(workload, precision)
    images = drawn(workload)
    losses: list[float] = []
    trainer = Trainer(
        network_of(workload, rules),
        images,
        rules.training,
        rules.input,
        stages=[TrainingStage(FOREVER, seed=0)],
        on_step=lambda done, steps, loss: losses.append(loss),
    )
    bare = Bare(network_of(workload, rules), images, rules)
    ours, peer = in_turns(
        benchmark,
        lambda: trainer.train(workload.steps),
        lambda: [bare.step() for _ in range(workload.steps)],
        rounds=workload.rounds,
    )
    assert len(losses) == trainer.done > 0 < len(bare.losses)
    assert all(math.isfinite(loss) for loss in losses + bare.losses)
    # Both train: the bare one learns its only batch by heart.
    assert not benchmark.enabled or bare.losses[-1] < bare.losses[0]
    assert trainer.images_seen == trainer.done * workload.batch
    turn = workload.steps * workload.batch
    beside = {
        "ours": f"{turn / median(ours.seconds):.1f} images/s",
        "bare": f"{turn / median(peer.seconds):.1f} images/s",
        "waiting for batches": f"{trainer.waited / (sum(ours.seconds) or 1):.1%}",
    }
    what = f"training loop, {name}, batch {workload.batch}, {precision}, over bare steps"
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
