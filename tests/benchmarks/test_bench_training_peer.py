"""How many images a second train, beside torchreid's own pipeline on the same folder.

Both pipelines read one folder in Market-1501's layout and train one network from the same weights:
batches of people with four images each, flip, random crop and random erasing, label-smoothed
identity loss plus batch-hard triplets, Adam. torchreid's is its data manager, its ResNet and its
triplet engine, unchanged, in float32, with ``workers=0``: where the processor computes the network
too, loader processes take from it what they give. Ours decodes every image once, before the
rounds, and notes how long that took. Threads are as torch finds them. The random crop alone is not
the same: torchreid enlarges every second image by an eighth and cuts, we pad every image and cut.

Rounds take turns, the peer's first. ``--benchmark-enable`` measures; without it, tiny inputs and a
single step check that the two do the same work.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from time import perf_counter
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from reidbench.config.protocol import Protocol, load_protocol
from reidbench.datasets.stand_in import write_stand_in
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.training import Images, Trainer, TrainingStage, build_network
from reidbench.engine.training.loop import batch_loss
from reidbench.engine.training.seeds import isolated
from reidbench.plan import ConfiguredData
from reidbench.plugins import discover
from reidbench.store import Store
from reidbench_plugins.datasets.synthped.dataset import compose
from tests.benchmarks import peers
from tests.benchmarks.turns import note

BAR, ROUNDS = 2.0, 5
PEOPLE = 64
SHOTS = 4
"""Images of each person in a batch."""
FOREVER = 1000.0
"""Epochs: more than all rounds take, and the learning rate is constant."""


@dataclass(frozen=True)
class PeerWorkload:
    """A network, and the work of a round."""

    backbone: str
    height: int
    width: int
    pad: int
    batch: int
    steps: int

    def rules(self, precision: str) -> Protocol:
        """Return ``reid/1`` at this size, less what torchreid's pipeline does not have."""
        rules = load_protocol("reid/1").model_dump()
        rules["source"] = None
        rules["input"].update(height=self.height, width=self.width)
        rules["training"].update(
            batch={"identities": self.batch // SHOTS, "images": SHOTS},
            augment={"flip": 0.5, "pad": self.pad, "erase": 0.5},
            schedule={"warm_up": 0.0, "decay": "constant", "final": 1.0},
            bnneck=False,
            precision=precision,
        )
        return Protocol.model_validate(rules)


WORKLOADS = {
    "ResNet-18 at 64 x 32": PeerWorkload("resnet18", 64, 32, pad=4, batch=64, steps=10),
    "ResNet-50 at 256 x 128": PeerWorkload("resnet50", 256, 128, pad=10, batch=32, steps=3),
}


@dataclass
class Pipeline:
    """Ours or the peer's: ``train(steps)`` takes steps and returns the loss of each."""

    train: Callable[[int], list[float]]
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def round(self, steps: int) -> None:
        """Take some steps, timed."""
        # For the peer, which draws from the global generators.
        with isolated(len(self.losses)):
            started = perf_counter()
            losses = self.train(steps)
            self.seconds.append(perf_counter() - started)
        self.losses += losses


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw people with 16 images each, as ``reidbench data make market1501`` does."""
    root = tmp_path_factory.mktemp("stand-in")
    data = compose("synthped", domain="a", seed=0, train_ids=PEOPLE, test_ids=1, cameras=4)
    write_stand_in(discover().datasets.get("market1501"), data, root, lambda read: None)
    return root


@pytest.mark.benchmark(group="training")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_training_beside_torchreid(
    benchmark: BenchmarkFixture, folder: Path, tmp_path: Path, name: str, precision: str
) -> None:
    torchreid = peers.torchreid()
    workload = WORKLOADS[name]
    if not benchmark.enabled:
        workload = PeerWorkload(workload.backbone, 64, 32, pad=4, batch=8, steps=1)
    rules = workload.rules(precision)
    images, decoding = decoded(folder, tmp_path, rules)
    trainer, losses = our_trainer(workload, rules, images)
    engine = torchreids_engine(torchreid, workload, rules, folder)
    check_that_both_do_the_same(trainer, images, engine)
    ours, peer = Pipeline(ours_trains(trainer, losses)), Pipeline(peer_trains(engine))

    def peers_turn() -> tuple[tuple[int], dict[str, Any]]:
        peer.round(workload.steps)
        return (workload.steps,), {}

    for pipeline in (peer, ours):
        pipeline.round(1)  # the first step also sets up what later ones reuse
    benchmark.pedantic(ours.round, setup=peers_turn, rounds=ROUNDS)
    check_that_both_learn(ours, peer, workload.steps if benchmark.enabled else None)

    speed = {
        side: workload.steps * workload.batch / median(pipeline.seconds[1:])
        for side, pipeline in (("ours", ours), ("torchreid", peer))
    }
    note(
        benchmark,
        f"training from one folder, {name}, {precision}, over torchreid {torchreid.__version__}",
        speed["ours"] / speed["torchreid"],
        BAR,
        "at least",
        "x",
        **{side: f"{images_a_second:.1f} images/s" for side, images_a_second in speed.items()},
        decoding=f"{len(images)} images in {decoding:.2f} s, once",
    )


def decoded(folder: Path, store: Path, rules: Protocol) -> tuple[Images, float]:
    """Return our training images, as a train phase gets them, and the seconds that took."""
    data = ConfiguredData(discover().datasets.get("market1501"), {}, root=folder)
    started = perf_counter()
    images = PhaseContext(Store(store), torch.device("cpu")).train_images(data, rules.input)
    return images, perf_counter() - started


def our_trainer(
    workload: PeerWorkload, rules: Protocol, images: Images
) -> tuple[Trainer, list[float]]:
    """Return the trainer of a train phase, and the list that its losses go to."""
    backbone = discover().backbones.get(workload.backbone).record
    network = build_network(
        # torchreid's ResNets stride in their last layer.
        lambda: backbone.build({"last_stride": 2}),
        rules.input.size,
        images.identities,
        bnneck=rules.training.bnneck,
        seed=0,
    )
    losses: list[float] = []
    trainer = Trainer(
        network,
        images,
        rules.training,
        rules.input,
        stages=[TrainingStage(FOREVER, seed=0)],
        on_step=lambda done, steps, loss: losses.append(loss),
    )
    return trainer, losses


def ours_trains(trainer: Trainer, losses: list[float]) -> Callable[[int], list[float]]:
    def train(steps: int) -> list[float]:
        trainer.train(steps)
        return losses[-steps:]

    return train


def torchreids_engine(torchreid: Any, workload: PeerWorkload, rules: Protocol, folder: Path) -> Any:
    """Return torchreid's pipeline, put together as its guide does."""
    data = torchreid.data.ImageDataManager(
        root=str(folder),
        sources="market1501",
        height=workload.height,
        width=workload.width,
        transforms=["random_flip", "random_crop", "random_erase"],
        batch_size_train=workload.batch,
        num_instances=SHOTS,
        train_sampler="RandomIdentitySampler",
        workers=0,
        use_gpu=False,
    )
    network = torchreid.models.build_model(
        workload.backbone, data.num_train_pids, loss="triplet", pretrained=False, use_gpu=False
    )
    loss, adam = rules.training.loss, rules.training.optimiser
    optimiser = torchreid.optim.build_optimizer(
        network, optim=adam.name, lr=adam.learning_rate, weight_decay=adam.weight_decay
    )
    engine = torchreid.engine.ImageTripletEngine(
        data,
        network,
        optimiser,
        margin=loss.margin,
        weight_t=loss.triplet,
        weight_x=loss.identity,
        use_gpu=False,
    )
    engine.set_model_mode("train")
    return engine


def peer_trains(engine: Any) -> Callable[[int], list[float]]:
    batches = _without_end(engine.train_loader)
    return lambda steps: [peers_loss(engine, next(batches)) for _ in range(steps)]


def _without_end(loader: Any) -> Iterator[Any]:
    while True:
        yield from loader


def peers_loss(engine: Any, batch: Any) -> float:
    """Take one step of the peer's and return its loss, both parts of which weigh 1."""
    parts = engine.forward_backward(batch)
    return float(parts["loss_t"] + parts["loss_x"])


def check_that_both_do_the_same(trainer: Trainer, images: Images, engine: Any) -> None:
    """See the same people in the folder, and on one batch, from one network, the same loss."""
    data = engine.datamanager
    theirs = (data.num_train_pids, len(data.train_loader.dataset))
    assert (images.identities, len(images)) == theirs
    assert theirs == (PEOPLE, 16 * PEOPLE)
    weights = {
        name.removeprefix("backbone."): weight
        for name, weight in trainer.network.state_dict().items()
    }
    missing, unexpected = engine.model.load_state_dict(weights, strict=False)
    assert (missing, unexpected) == (["classifier.bias"], [])  # which starts at zero
    with isolated(0):
        batch = next(iter(data.train_loader))
    trainer.network.train()
    with torch.no_grad():
        loss = batch_loss(trainer.network, batch["img"], batch["pid"], trainer.rules).item()
    exact = trainer.rules.precision == "float32"
    assert loss == pytest.approx(peers_loss(engine, batch), rel=1e-4 if exact else 0.15)


def check_that_both_learn(ours: Pipeline, peer: Pipeline, last: int | None) -> None:
    """See finite losses, and after all rounds smaller ones in the ``last`` steps."""
    for pipeline in (ours, peer):
        assert pipeline.losses
        assert all(math.isfinite(loss) for loss in pipeline.losses)
        assert last is None or fmean(pipeline.losses[-last:]) < pipeline.losses[0]
