"""Channel pruning: LASSO sets against coordinate descent, the refit against numpy, hard layers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso
from torch import Tensor

from reidbench.api import CannotScore
from reidbench_plugins.methods.reconstruction import RECORDS
from reidbench_plugins.methods.reconstruction.channel_pruning import (
    ChannelPruning,
    moments,
    path_order,
    path_sets,
)
from tests.builtin_plugins.methods.reconstruction.fake_readers import (
    HARD,
    FakeGroup,
    FakeReader,
    FakeTask,
    reader,
)


def slow_design(layer: FakeReader) -> np.ndarray:
    """Return Z, (samples x outputs, channels), a number at a time."""
    samples, channels, taps = layer.inputs.shape
    x, w = layer.inputs.double().tolist(), layer.weight.double().tolist()
    return np.array(
        [
            [sum(x[s][c][t] * w[o][c][t] for t in range(taps)) for c in range(channels)]
            for s in range(samples)
            for o in range(len(w))
        ]
    )


def moments_of(design: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return design.T @ design, design.T @ target


def removal(layers: list[FakeReader]) -> list[int]:
    group = FakeGroup(layers[0].inputs.shape[1])
    scores = ChannelPruning().scores(group, FakeTask(layers))
    assert scores.shape == (group.size,)
    assert scores.isfinite().all()
    return scores.argsort().tolist()


def lasso_set(design: np.ndarray, target: np.ndarray, width: int) -> frozenset[int] | None:
    """Return the nonzeros of a LASSO with exactly ``width`` of them, by bisecting λ."""
    low, high = 0.0, float(np.abs(design.T @ target).max()) / len(target)
    for _ in range(60):
        middle = (low + high) / 2
        fit = Lasso(middle, fit_intercept=False, tol=1e-12, max_iter=100_000)
        used = np.flatnonzero(fit.fit(design, target).coef_)
        if len(used) == width:
            return frozenset(used.tolist())
        low, high = (middle, high) if len(used) > width else (low, middle)
    return None


@pytest.mark.parametrize("name", ["a 3x3 convolution", "a 1x1 convolution", "two readers"])
def test_the_moments_are_those_of_the_design_built_number_by_number(name: str) -> None:
    layers = HARD[name]()
    design = np.concatenate([slow_design(layer) for layer in layers])
    target = np.concatenate([layer.outputs.double().numpy().ravel() for layer in layers])
    for fast, slow in zip(moments(layers), moments_of(design, target), strict=True):
        torch.testing.assert_close(fast, torch.from_numpy(slow), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_every_width_gets_the_set_that_a_search_for_lambda_finds(seed: int) -> None:
    layer = reader(60, 12, 4, 5, seed, mixed=4)
    design, target = slow_design(layer), layer.outputs.double().numpy().ravel()
    order = path_order(*moments_of(design, target))
    for width in range(1, 12):
        assert lasso_set(design, target, width) == frozenset(order[12 - width :])


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(2, 8))
@example(276656853, 7)  # a channel leaves at a knot, and rounding keeps it above zero there
def test_a_searched_set_is_always_one_of_the_path_s(seed: int, channels: int) -> None:
    random = np.random.default_rng(seed)
    design = random.normal(size=(40, channels)) @ random.normal(size=(channels, channels))
    target = random.normal(size=40)
    sets = [frozenset(np.flatnonzero(used)) for used in path_sets(*moments_of(design, target))]
    for width in range(1, channels):
        found = lasso_set(design, target, width)
        assert found is None or found in sets


def paths_that_leave() -> Iterator[tuple[np.ndarray, np.ndarray, list[frozenset[int]]]]:
    for seed in range(200):
        random = np.random.default_rng(seed)
        design = random.normal(size=(30, 8)) @ random.normal(size=(8, 8))
        gram, pull = moments_of(design, random.normal(size=30))
        sets = [frozenset(np.flatnonzero(used)) for used in path_sets(gram, pull)]
        if any(not before <= after for before, after in pairwise(sets)):
            yield gram, pull, sets


def test_a_channel_that_leaves_the_path_counts_for_the_widths_it_was_in() -> None:
    cases = list(paths_that_leave())
    assert len(cases) > 20
    for gram, pull, sets in cases:
        last = {len(used): used for used in sets}
        order = path_order(gram, pull)
        member = [sum(channel in used for used in last.values()) for channel in order]
        assert sorted(order) == list(range(8))
        assert member == sorted(member)


def test_a_channel_that_never_enters_ranks_below_all_that_do_by_its_energy() -> None:
    layers = HARD["all channels equal"]()
    layers[0].inputs[:, 4:] = 0  # dead ones below the duplicates
    assert set(removal([FakeReader(layers[0].inputs, layers[0].weight)])[:2]) == {4, 5}


def test_the_sets_do_not_depend_on_the_scale_of_the_maps() -> None:
    layer = reader(60, 12, 4, 5, mixed=4)
    gram, pull = (part.numpy() for part in moments([layer]))
    for scale in (1e-12, 1e12):
        assert path_order(scale * gram, scale * pull) == path_order(gram, pull)


def slow_refit(layer: FakeReader, kept: Tensor, ridge: float) -> Tensor:
    outputs, _, taps = layer.weight.shape
    design = np.array([patch[kept].flatten().tolist() for patch in layer.inputs])
    start = np.array([kernel[kept].flatten().tolist() for kernel in layer.weight])
    pull = np.sqrt(ridge * (design**2).sum() / design.shape[1])
    tall = np.concatenate([design, pull * np.eye(design.shape[1])])
    right = np.concatenate([layer.outputs.double().numpy(), pull * start.T])
    solution = np.linalg.lstsq(tall, right, rcond=None)[0]
    return torch.from_numpy(solution.T.reshape(outputs, len(kept), taps)).float()


@pytest.mark.parametrize("ridge", [1e-3, 0.1])
@pytest.mark.parametrize("samples", [10, 200])
def test_the_refit_is_ridge_regression_towards_the_current_weights(
    samples: int, ridge: float
) -> None:
    layers = [reader(samples, 6, 9, 5, mixed=3), reader(samples, 6, 1, 4, seed=1)]
    kept = torch.tensor([0, 1, 4])
    refitted = ChannelPruning(ridge=ridge).refit(FakeGroup(6), kept, FakeTask(layers))
    for weight, layer in zip(refitted, layers, strict=True):
        torch.testing.assert_close(weight, slow_refit(layer, kept, ridge), rtol=1e-4, atol=1e-4)


def test_with_many_samples_and_hardly_a_ridge_it_is_the_paper_s_least_squares() -> None:
    layer, kept = reader(400, 6, 4, 5, mixed=3), torch.tensor([1, 2, 5])
    (weight,) = ChannelPruning(ridge=1e-12).refit(FakeGroup(6), kept, FakeTask([layer]))
    design = layer.inputs[:, kept].flatten(1).double().numpy()
    expected = np.linalg.lstsq(design, layer.outputs.double().numpy(), rcond=None)[0]
    expected = torch.from_numpy(expected.T.reshape(5, 3, 4)).float()
    torch.testing.assert_close(weight, expected, rtol=1e-4, atol=1e-5)


def test_the_refit_mends_what_earlier_layers_lost() -> None:
    layer = reader(100, 4, 1, 3)
    halved = FakeReader(layer.inputs / 2, layer.weight, layer.outputs)
    (weight,) = ChannelPruning(ridge=1e-9).refit(FakeGroup(4), torch.arange(4), FakeTask([halved]))
    torch.testing.assert_close(weight, 2 * layer.weight)


@pytest.mark.parametrize("samples", [100, 300])
def test_a_refit_from_few_samples_serves_samples_it_never_saw(samples: int) -> None:
    layer, kept = reader(900, 64, 9, 8, mixed=8), torch.arange(32)  # 288 unknowns
    task = FakeTask([FakeReader(layer.inputs[:samples], layer.weight)])

    def error(weight: Tensor) -> float:
        response = torch.einsum("sct,oct->so", layer.inputs[300:, kept], weight)
        return (response - layer.outputs[300:]).square().mean().item()

    (weight,) = ChannelPruning().refit(FakeGroup(64), kept, task)
    (loose,) = ChannelPruning(ridge=1e-9).refit(FakeGroup(64), kept, task)
    assert error(weight) < 0.65 * error(layer.weight[:, kept])
    assert error(weight) < 0.9 * error(loose)


@pytest.mark.parametrize("name", HARD)
def test_a_hard_layer_is_still_ordered_and_refitted(name: str) -> None:
    layers = HARD[name]()
    channels = layers[0].inputs.shape[1]
    assert sorted(removal(layers)) == list(range(channels))
    for kept in (torch.arange(channels), torch.tensor([channels - 1])):
        refitted = ChannelPruning().refit(FakeGroup(channels), kept, FakeTask(layers))
        for weight, layer in zip(refitted, layers, strict=True):
            assert weight.shape == (len(layer.weight), len(kept), layer.weight.shape[2])
            assert weight.dtype == layer.weight.dtype
            assert weight.isfinite().all()


@pytest.mark.parametrize("name", ["a dead channel", "a channel nobody reads"])
def test_a_channel_that_adds_nothing_goes_first(name: str) -> None:
    assert removal(HARD[name]())[0] == 2


def test_numbers_that_are_not_finite_are_refused_by_name() -> None:
    layer = reader(10, 3, 9, 2)
    layer.outputs[3, 1] = torch.nan
    with pytest.raises(CannotScore, match=r"layer 'next', which reads it, .* not finite"):
        removal([layer])


class Phase:
    """A prune phase of three layers that writes down what is asked of it."""

    reduction, steps_left = 0.5, 70

    def __init__(self) -> None:
        self.calls: list[object] = []

    def layers(self, reduction: float) -> Iterator[str]:
        for name in ("a", "b", "c"):
            self.calls.append((name, reduction))
            yield name

    def train(self, steps: int) -> None:
        self.calls.append(steps)


def test_every_layer_goes_before_the_first_step_of_training() -> None:
    phase = Phase()
    ChannelPruning().prune(phase)  # type: ignore[arg-type]
    assert phase.calls == [("a", 0.5), ("b", 0.5), ("c", 0.5), 70]


@pytest.mark.parametrize("options", [{"points": 0}, {"ridge": 0.0}, {"ridge": float("inf")}])
def test_a_useless_option_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        ChannelPruning(**options)  # type: ignore[arg-type]


def test_the_record_builds_it_and_says_what_it_looks_at() -> None:
    (record,) = (one for one in RECORDS if one.name == "channel-pruning")
    assert record.build({}).options == dict(record.options)
    assert (record.strategy, record.allocation, record.data) == ("own", "uniform", "images")
