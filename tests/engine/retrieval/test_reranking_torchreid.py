"""Without ties the re-ranked distances are those of the authors' code, as torchreid ships it."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pytest
import torch

from reidbench.engine.retrieval import Features
from tests.engine.retrieval.cases import permuted
from tests.engine.retrieval.reranking_cases import clustered, distances_of
from tests.support.torchreid import file_of_torchreid


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    """torchreid's ``rerank`` module alone: it wants nothing but NumPy."""
    path = file_of_torchreid("reid/utils/rerank.py", "utils/rerank.py")
    spec = importlib.util.spec_from_file_location("torchreid_rerank", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def euclidean(a: Features, b: Features) -> np.ndarray:
    """Not squared: the peer squares it itself."""
    return torch.cdist(a.embeddings.double(), b.embeddings.double()).numpy()


@pytest.mark.parametrize(("k1", "k2"), [(20, 6), (7, 1), (5, 3), (9, 12), (1, 1)])
def test_without_ties_the_distances_are_the_authors(peer: ModuleType, k1: int, k2: int) -> None:
    for seed in range(4):
        query, gallery = clustered(seed, queries=20, gallery=150, width=16)
        gallery = permuted(gallery, np.flatnonzero(gallery.pids != -1))
        sides = ((query, gallery), (query, query), (gallery, gallery))
        want = peer.re_ranking(*(euclidean(a, b) for a, b in sides), k1, k2, 0.3)
        found = distances_of(query, gallery, k1=k1, k2=k2, weight=0.3)
        np.testing.assert_allclose(found, want, atol=1e-6)
