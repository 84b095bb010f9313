"""Networks take turns, and noise gives no verdict."""

from __future__ import annotations

import time

import pytest
import torch
from torch import Tensor, nn

from reidbench.engine.deployment.latency import ENGINES, Timing, machine, measure
from reidbench.engine.deployment.profiling import Profile, text
from reidbench.errors import ReidbenchError

SIZE = (3, 16, 16)


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
    monkeypatch.setitem(ENGINES, "eager", lambda network, size, file: network)
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
        got = ENGINES[engine](network, SIZE, tmp_path / "x")(images)
    got = got if isinstance(got, Tensor) else torch.as_tensor(got[0])
    with torch.no_grad():
        torch.testing.assert_close(got.reshape(3, 8), network(images), rtol=1e-4, atol=1e-5)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ReidbenchError, match="did you mean 'eager'"):
        measure({"a": nn.Identity()}, size=SIZE, engines=["eagr"])


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
    ]
    report = profile_of(*timings)
    assert report.speed_up(timings[1]) == pytest.approx((2.0, 2.0))
    assert report.speed_up(timings[3]) == pytest.approx((1.5, 1.5))


def test_wide_quartiles_give_no_verdict() -> None:
    steady, noisy = timing("a dense", 10.0), timing("a half", 5.0, spread=0.2)
    report = profile_of(steady, noisy)
    assert report.speed_up(noisy) is None
    assert text(report).splitlines()[-1].split()[-2:] == ["-", "-"]
