"""Networks take turns, and noise gives no verdict."""

from __future__ import annotations

import time
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from reidbench.engine.deployment.engines import ENGINES, Engine, refuse_engines
from reidbench.engine.deployment.latency import (
    Timing,
    machine,
    measure,
    seconds_of,
    waiting,
)
from reidbench.engine.deployment.profiling import Profile, text
from reidbench.errors import ReidbenchError

SIZE, CPU = (3, 16, 16), torch.device("cpu")


class Slow(nn.Module):
    """Sleeps, and writes down when it ran."""

    def __init__(self, name: str, seconds: float, calls: list[str]) -> None:
        super().__init__()
        self.name, self.seconds, self.calls = name, seconds, calls

    def forward(self, images: Tensor) -> Tensor:
        self.calls.append(self.name)
        time.sleep(self.seconds)
        return images.mean((2, 3))


def test_networks_take_turns_and_the_slower_one_takes_longer(monkeypatch) -> None:
    calls: list[str] = []
    networks = {"a": Slow("a", 0.002, calls), "b": Slow("b", 0.006, calls)}
    monkeypatch.setitem(ENGINES, "eager", Engine(lambda network, *_: network))
    timings = measure(networks, size=SIZE, batches=[2], runs=6)
    assert calls[-12:] == ["a", "b"] * 6
    fast, slow = timings
    assert (fast.network, slow.network) == ("a", "b")
    assert 2 <= fast.least <= fast.low <= fast.median <= fast.high < slow.least


def test_progress_counts_every_round() -> None:
    seen: list[tuple[int, int]] = []
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    measure(
        {"a": network},
        size=SIZE,
        engines=["eager"],
        batches=[1, 2],
        runs=3,
        on_step=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(n, 6) for n in range(1, 7)]


@pytest.mark.parametrize("engine", ["eager", "onnxruntime", "openvino"])
def test_every_engine_runs_a_network_as_it_is(engine: str, tmp_path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    images = torch.randn(3, *SIZE)
    with torch.inference_mode():
        got = ENGINES[engine].prepare(network, SIZE, tmp_path / "x", CPU)(images)
    got = got if isinstance(got, Tensor) else torch.as_tensor(got[0])
    with torch.no_grad():
        torch.testing.assert_close(got.reshape(3, 8), network(images), rtol=1e-4, atol=1e-5)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ReidbenchError, match="did you mean 'eager'"):
        measure({"a": nn.Identity()}, size=SIZE, engines=["eagr"])


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_an_engine_that_runs_on_the_cpu_alone_refuses_another_device(engine: str) -> None:
    refuse_engines(["eager", engine], CPU)
    refuse_engines(["eager", "compile"], torch.device("cuda:1"))
    said = rf"^engine '{engine}' runs on the CPU here, not on 'cuda:1': .*--device cpu.*$"
    with pytest.raises(ReidbenchError, match=said):
        refuse_engines(["eager", engine], torch.device("cuda:1"))


class Queue:
    """A device as GPUs are: a call only notes what is to be done, and waiting does it."""

    def __init__(self) -> None:
        self.left: list[float] = []

    def run(self, images: Tensor) -> None:
        self.left.append(0.02)

    def wait(self) -> None:
        time.sleep(sum(self.left))
        self.left.clear()


def test_a_run_is_timed_from_an_idle_device_until_it_is_idle_again() -> None:
    device = Queue()
    device.left.append(0.2)
    seconds = seconds_of(device.run, torch.zeros(1), device.wait)
    assert 0.02 <= seconds < 0.15
    assert not device.left


def test_a_cpu_is_never_waited_for_and_a_gpu_by_torch() -> None:
    assert waiting(CPU)() is None
    if torch.cuda.is_available():
        waiting(torch.device("cuda"))()
    else:
        with pytest.raises((RuntimeError, AssertionError)):
            waiting(torch.device("cuda"))()


class Told(nn.Module):
    """Notes where its images and weights are; it steers by values, so that nothing traces it."""

    seen: ClassVar[list[tuple[torch.device, torch.device]]] = []

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 4)

    def forward(self, images: Tensor) -> Tensor:
        if isinstance(images, Tensor):
            self.seen.append((images.device, self.layer.weight.device))
        return self.layer(images) if images.mean() < 1e9 else images


def test_images_and_a_copy_of_the_network_are_on_the_device() -> None:
    network = Told()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    measure({"a": network}, size=SIZE, batches=[1], runs=3, device=device)
    assert len(Told.seen) >= 8
    assert {place.type for pair in Told.seen for place in pair} == {device.type}
    assert network.layer.weight.device == CPU
    assert machine(device).device == str(device)


def timing(network: str, least: float, spread: float = 0.02) -> Timing:
    median = 1.1 * least
    return Timing(network, "eager", 1, median, median * (1 - spread), median * (1 + spread), least)


def profile_of(*timings: Timing) -> Profile:
    return Profile(machine(), SIZE, 20, timings, {})


def test_speed_ups_are_over_the_dense_network_of_the_same_family() -> None:
    timings = [
        timing("a dense", 10.0),
        timing("a half", 5.0),
        timing("b dense", 3.0),
        timing("b half", 2.0),
        timing("b(width=8, deep=True) dense", 8.0),
        timing("b(width=8, deep=True) half", 2.0),
    ]
    report = profile_of(*timings)
    assert report.speed_up(timings[1]) == pytest.approx((2.0, 2.0))
    assert report.speed_up(timings[3]) == pytest.approx((1.5, 1.5))
    assert report.speed_up(timings[5]) == pytest.approx((4.0, 4.0))
    assert report.speed_up(timings[4]) == pytest.approx((1.0, 1.0))


def test_wide_quartiles_give_no_verdict() -> None:
    steady, noisy = timing("a dense", 10.0), timing("a half", 5.0, spread=0.2)
    report = profile_of(steady, noisy)
    assert report.speed_up(noisy) is None
    assert text(report).splitlines()[-1].split()[-2:] == ["-", "-"]
