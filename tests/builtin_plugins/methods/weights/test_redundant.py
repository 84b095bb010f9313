"""Redundant features: the merge tree against slow clustering, and who represents a cluster."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench_plugins.methods.weights.redundant import Redundant
from tests.builtin_plugins.methods.fakes import CONVS, FakeTask, conv, scored
from tests.builtin_plugins.methods.weights.filters import FILTERS


def cosine(one: list[float], other: list[float]) -> float:
    dot = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return dot / (math.hypot(*one) * math.hypot(*other))


def slow_clusters(weight: list[list[float]]) -> list[tuple[list[list[int]], float]]:
    """Return the clusters after each merge, and the mean cosine that merge had."""
    clusters, found = [[j] for j in range(len(weight))], []

    def similarity(a: list[int], b: list[int]) -> float:
        total = math.fsum(cosine(weight[i], weight[j]) for i in a for j in b)
        return total / (len(a) * len(b))

    while len(clusters) > 1:
        pairs = [(a, b) for a in clusters for b in clusters if a < b]
        a, b = max(pairs, key=lambda pair: similarity(*pair))
        alike = similarity(a, b)
        clusters = [c for c in clusters if c not in (a, b)] + [sorted(a + b)]
        found.append((clusters, alike))
    return found


DISTINCT = [n for n in CONVS if n not in ("all equal", "a dead channel")]
EITHER = pytest.mark.parametrize("representative", ["random", "largest"])


def test_of_the_golden_filters_the_parallel_pair_is_the_redundant_one() -> None:
    scores = scored(Redundant(representative="largest"), FILTERS)
    # Filters 2 and 3 (cosine 1), then 0 joins them (.6), then 1 (mean of -1, -.6 and -.6).
    torch.testing.assert_close(
        scores.sort().values[:3], torch.tensor([0, 0.4, 1 + 2.2 / 3]).double()
    )
    assert scores.argmin() == 2
    # Opposite filters are not redundant: 0 and 1 outlive the pair's lesser half and its rest.
    assert scores.argsort().tolist()[:2] == [2, 3]


@EITHER
@pytest.mark.parametrize("name", DISTINCT)
def test_keeping_n_filters_keeps_one_of_each_of_n_clusters(name: str, representative: str) -> None:
    weight = conv(name)
    order = scored(Redundant(representative=representative), weight).argsort().tolist()
    for gone, (clusters, _) in enumerate(slow_clusters(weight.double().tolist()), start=1):
        kept = set(order[gone:])
        assert all(len(kept & set(cluster)) == 1 for cluster in clusters)


@pytest.mark.parametrize("name", DISTINCT)
def test_a_filter_scores_the_distance_of_the_merge_that_costs_it_its_place(name: str) -> None:
    weight = conv(name)
    distances = [1 - alike for _, alike in slow_clusters(weight.double().tolist())]
    scores = scored(Redundant(), weight).sort().values
    assert scores[:-1].tolist() == pytest.approx(distances, abs=1e-6)
    assert scores[-1] > 2


@pytest.mark.parametrize("name", DISTINCT)
def test_largest_keeps_the_longest_filter_of_each_cluster(name: str) -> None:
    weight = conv(name)
    norms = weight.norm(dim=1)
    order = scored(Redundant(representative="largest"), weight).argsort().tolist()
    for gone, (clusters, _) in enumerate(slow_clusters(weight.double().tolist()), start=1):
        assert set(order[gone:]) == {max(c, key=lambda j: norms[j].item()) for c in clusters}


def survivors(weight: Tensor, trials: int) -> list[float]:
    """Return how often each filter is the last one, over seeds."""
    last = [int(scored(Redundant(), weight, FakeTask(seed=s)).argmax()) for s in range(trials)]
    return [last.count(j) / trials for j in range(len(weight))]


def test_every_filter_of_a_cluster_is_as_likely_to_represent_it() -> None:
    # Two merge first and a third joins: by coin tosses alone it would survive half the time.
    weight = torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, 1.0]])
    assert survivors(weight, 600) == pytest.approx([1 / 3] * 3, abs=0.07)


def test_the_random_choice_depends_on_the_trial_s_seed_alone() -> None:
    weight = conv("more filters than cdist's exact limit")
    first, again, other = (scored(Redundant(), weight, FakeTask(seed=s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@EITHER
def test_equal_filters_are_all_redundant_but_one(representative: str) -> None:
    scores = scored(Redundant(representative=representative), conv("all equal")).sort().values
    assert scores[:-1].abs().max() < 1e-6
    assert scores[-1] > 2


@EITHER
def test_dead_filters_go_first(representative: str) -> None:
    method = Redundant(representative=representative)
    assert scored(method, conv("a dead channel")).argmin() == 1
    assert scored(method, torch.zeros(3, 2)).tolist() == [-1, -1, -1]
    assert scored(method, torch.tensor([[0.0], [5.0]])).tolist() == [-1, 3]


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.floats(1e-6, 1e6))
def test_a_filter_s_length_does_not_matter(seed: int, scale: float) -> None:
    weight = torch.randn(6, 4, generator=torch.Generator().manual_seed(seed)).double()
    longer = weight * torch.tensor([scale, 1, 1, 1, 1, 1])[:, None]
    torch.testing.assert_close(scored(Redundant(), weight), scored(Redundant(), longer))


def test_an_unknown_representative_is_refused() -> None:
    with pytest.raises(ValueError, match="'representative' is 'best'; choose 'random' or"):
        Redundant(representative="best")


def test_one_threshold_serves_all_layers() -> None:
    assert Redundant.normalisation == "none"
