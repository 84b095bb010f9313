"""ThiNet: the authors' small example, brute force, and layers that leave little to choose."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench.api import CannotScore
from reidbench_plugins.methods.reconstruction import RECORDS
from reidbench_plugins.methods.reconstruction.thinet import (
    ThiNet,
    contributions,
    grow_kept,
    grow_removed,
)
from tests.builtin_plugins.methods.reconstruction.fake_readers import (
    HARD,
    FakeGroup,
    FakeReader,
    FakeTask,
    reader,
)

GOLDEN = torch.tensor([[1, 0, -1], [2, 1, -2], [0, 2, 0.1], [1, 1, -1]])


def golden_task() -> FakeTask:
    return FakeTask([FakeReader(GOLDEN[..., None], torch.ones(1, 3, 1))])


def removal(variant: str, task: FakeTask) -> list[int]:
    group = FakeGroup(task.readers[0].inputs.shape[1])
    scores = ThiNet(variant=variant).scores(group, task)
    assert scores.shape == (group.size,)
    assert scores.isfinite().all()
    return scores.argsort().tolist()


def test_golden_iccv_removes_0_then_2() -> None:
    assert removal("iccv", golden_task()) == [0, 2, 1]


def test_golden_tpami_keeps_1() -> None:
    assert removal("tpami", golden_task())[-1] == 1


def test_golden_refit_of_channel_1_leaves_an_error_of_0_0033() -> None:
    (weight,) = ThiNet(ridge=1e-12).refit(FakeGroup(3), torch.tensor([1]), golden_task())
    assert weight.shape == (1, 1, 1)
    error = (GOLDEN.sum(dim=1) - GOLDEN[:, 1] * weight.squeeze()).square().sum()
    assert error.item() == pytest.approx(0.0033, abs=5e-5)


def slow_iccv(parts: np.ndarray) -> list[int]:
    order: list[int] = []
    while len(order) < parts.shape[1]:
        lost = {
            j: np.linalg.norm(sum(parts[:, k] for k in [*order, j]))
            for j in range(parts.shape[1])
            if j not in order
        }
        order.append(min(lost, key=lost.__getitem__))
    return order


def slow_tpami(parts: np.ndarray) -> list[int]:
    output, kept = parts.sum(axis=1), []
    residual = output
    while len(kept) < parts.shape[1]:
        errors = {}
        for j in set(range(parts.shape[1])) - set(kept):
            column = parts[:, j]
            scale = (column @ residual) / (column @ column)
            errors[j] = np.linalg.norm(residual - scale * column)
        kept.append(min(errors, key=errors.__getitem__))
        solution = np.linalg.lstsq(parts[:, kept], output, rcond=None)[0]
        residual = output - parts[:, kept] @ solution
    return kept[::-1]


def random_parts(samples: int, channels: int, seed: int, shift: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, (samples, channels))


@settings(max_examples=40)
@given(st.integers(1, 15), st.integers(1, 12), st.integers(0, 2**31), st.sampled_from([0, 0.5]))
def test_growing_the_removed_set_agrees_with_brute_force(
    samples: int, channels: int, seed: int, shift: float
) -> None:
    parts = random_parts(samples, channels, seed, shift)
    assert grow_removed(parts.T @ parts) == slow_iccv(parts)


@settings(max_examples=40)
@given(st.integers(1, 10), st.integers(0, 2**31), st.sampled_from([0, 0.5]))
def test_matching_pursuit_agrees_with_brute_force(channels: int, seed: int, shift: float) -> None:
    parts = random_parts(channels + 5, channels, seed, shift)
    assert grow_kept(parts.T @ parts) == slow_tpami(parts)


def test_both_greedy_orders_agree_with_brute_force_on_a_wide_layer() -> None:
    parts = random_parts(200, 48, seed=3, shift=0.3)
    assert grow_removed(parts.T @ parts) == slow_iccv(parts)
    assert grow_kept(parts.T @ parts) == slow_tpami(parts)


def test_matching_pursuit_ends_once_the_output_is_explained() -> None:
    parts = random_parts(3, 8, seed=0, shift=0.0)
    energy = (parts**2).sum(axis=0)
    order = grow_kept(parts.T @ parts)
    unexplaining = order[:4]  # three samples need at most a few channels
    assert sorted(order) == list(range(8))
    assert unexplaining == sorted(unexplaining, key=energy.__getitem__)


def slow_contributions(layers: list[FakeReader], seed: int) -> list[list[float]]:
    random = torch.Generator().manual_seed(seed)
    rows = []
    for layer in layers:
        filters = torch.randint(len(layer.weight), (len(layer.inputs),), generator=random)
        for patch, chosen in zip(layer.inputs, filters.tolist(), strict=True):
            kernel = layer.weight[chosen]
            rows.append(
                [
                    sum(w * v for w, v in zip(kernel[c].tolist(), patch[c].tolist(), strict=True))
                    for c in range(len(patch))
                ]
            )
    return rows


@pytest.mark.parametrize("name", ["a 3x3 convolution", "a 1x1 convolution", "two readers"])
def test_each_sample_is_one_random_filter_s_response_split_by_channel(name: str) -> None:
    layers = HARD[name]()
    parts = contributions(layers, torch.Generator().manual_seed(5))
    expected = torch.tensor(slow_contributions(layers, 5), dtype=torch.float64)
    torch.testing.assert_close(parts, expected)


def test_the_parts_add_up_to_the_layer_s_output() -> None:
    layer = reader(500, 6, 9, 4)
    total = contributions([layer], torch.Generator().manual_seed(0)).sum(dim=1, keepdim=True)
    nearest = (layer.outputs - total).abs().min(dim=1).values
    assert nearest.max() < 1e-4


def test_the_order_depends_on_the_trial_s_generator_alone() -> None:
    orders = [removal("iccv", FakeTask([reader(30, 20, 9, 50)], seed)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def slow_scale(layers: list[FakeReader], kept: Tensor, seed: int) -> np.ndarray:
    parts = np.array(slow_contributions(layers, seed))
    return np.linalg.lstsq(parts[:, kept.numpy()], parts.sum(axis=1), rcond=None)[0]


@pytest.mark.parametrize("name", ["a 3x3 convolution", "a 1x1 convolution", "two readers"])
def test_refit_scales_every_kept_kernel_slice_by_least_squares(name: str) -> None:
    layers, kept = HARD[name](), torch.tensor([0, 2, 5])
    refitted = ThiNet(ridge=1e-12).refit(FakeGroup(6), kept, FakeTask(layers, seed=4))
    scale = torch.from_numpy(slow_scale(layers, kept, 4)).float()
    assert len(refitted) == len(layers)
    for weight, layer in zip(refitted, layers, strict=True):
        expected = layer.weight[:, kept] * scale[None, :, None]
        torch.testing.assert_close(weight, expected, rtol=1e-4, atol=1e-5)


def test_a_channel_that_stood_for_two_equal_ones_counts_double() -> None:
    layer = reader(50, 2, 9, 3)
    layer.inputs[:, 1], layer.weight[:, 1] = layer.inputs[:, 0], layer.weight[:, 0]
    (weight,) = ThiNet(ridge=1e-9).refit(FakeGroup(2), torch.tensor([0]), FakeTask([layer]))
    torch.testing.assert_close(weight, 2 * layer.weight[:, :1])


def test_a_layer_that_loses_nothing_is_left_as_it_is() -> None:
    layer = reader(50, 6, 9, 3)
    (weight,) = ThiNet().refit(FakeGroup(6), torch.arange(6), FakeTask([layer]))
    torch.testing.assert_close(weight, layer.weight)


@pytest.mark.parametrize("variant", ["iccv", "tpami"])
@pytest.mark.parametrize("name", HARD)
def test_a_hard_layer_is_still_ordered_and_refitted(name: str, variant: str) -> None:
    layers = HARD[name]()
    channels = layers[0].inputs.shape[1]
    assert sorted(removal(variant, FakeTask(layers))) == list(range(channels))
    for kept in (torch.arange(channels), torch.tensor([channels - 1])):
        refitted = ThiNet(variant=variant).refit(FakeGroup(channels), kept, FakeTask(layers))
        for weight, layer in zip(refitted, layers, strict=True):
            assert weight.shape == (len(layer.weight), len(kept), layer.weight.shape[2])
            assert weight.dtype == layer.weight.dtype
            assert weight.isfinite().all()


@pytest.mark.parametrize("variant", ["iccv", "tpami"])
@pytest.mark.parametrize("name", ["a dead channel", "a channel nobody reads"])
def test_a_channel_that_adds_nothing_goes_first(name: str, variant: str) -> None:
    assert removal(variant, FakeTask(HARD[name]()))[0] == 2


def test_channels_that_cancel_go_together() -> None:
    order = removal("iccv", FakeTask(HARD["two channels that cancel"]()))
    assert abs(order.index(0) - order.index(1)) == 1


def test_numbers_that_are_not_finite_are_refused_by_name() -> None:
    layer = reader(10, 3, 9, 2)
    layer.inputs[3, 1, 4] = torch.inf
    with pytest.raises(CannotScore, match=r"layer 'next', which reads it, .* not finite"):
        removal("iccv", FakeTask([layer]))


def test_a_group_nobody_reads_cannot_be_scored() -> None:
    with pytest.raises(CannotScore, match="no layer reads its channels"):
        ThiNet().scores(FakeGroup(3), FakeTask([]))


def test_points_are_the_suite_s_to_choose() -> None:
    task = golden_task()
    ThiNet(points=3).scores(FakeGroup(3), task)
    assert task.asked == [3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"variant": "icvc"}, "'icvc'; choose iccv or tpami"),
        ({"points": 0}, "'points' is 0"),
        ({"ridge": 0.0}, "'ridge' is 0.0"),
        ({"ridge": float("nan")}, "'ridge' is nan"),
    ],
)
def test_a_useless_option_is_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ThiNet(**options)  # type: ignore[arg-type]


def test_the_record_builds_it_and_says_what_it_looks_at() -> None:
    (record,) = (one for one in RECORDS if one.name == "thinet")
    assert record.build({}).options == dict(record.options)
    assert (record.strategy, record.allocation, record.data) == ("layerwise", "uniform", "images")
