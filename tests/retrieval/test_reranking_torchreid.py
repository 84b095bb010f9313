"""Without ties the re-ranked distances are those of the authors' code, as torchreid ships it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from reidbench.retrieval import Features

from .cases import permuted
from .reranking_cases import clustered, distances_of


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    """torchreid's ``rerank`` module alone: it wants nothing but NumPy."""
    package = importlib.util.find_spec("torchreid")
    if package is None or not package.submodule_search_locations:
        pytest.skip("torchreid is not installed (pip install --no-deps torchreid==0.2.5)")
    root = Path(package.submodule_search_locations[0])
    files = [root / "reid" / "utils" / "rerank.py", root / "utils" / "rerank.py"]
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        pytest.skip(f"torchreid at {root} has no utils/rerank.py")
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
