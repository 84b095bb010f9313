"""Without ties the numbers are torchreid's own, whose evaluator runs here where it is installed."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from types import ModuleType

import numpy as np
import pytest
import torch

from reidbench.engine.retrieval import score
from tests.engine.retrieval.cases import random_case
from tests.support.torchreid import file_of_torchreid


@pytest.fixture(scope="module")
def rank() -> ModuleType:
    """torchreid's ``rank`` module alone: the package itself wants far more than NumPy."""
    path = file_of_torchreid("reid/metrics/rank.py", "metrics/rank.py")
    spec = importlib.util.spec_from_file_location("torchreid_rank", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Its compiled evaluator is wrong for short galleries; None makes the import fail quietly.
    sys.modules.setdefault("torchreid", None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(module)
    finally:
        if sys.modules["torchreid"] is None:
            del sys.modules["torchreid"]
    return module


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_without_ties_the_scores_are_torchreids(rank: ModuleType, metric: str) -> None:
    for seed in range(150):
        query, gallery = random_case(seed, queries=12, gallery=80, width=8, kind="float")
        gallery.pids[gallery.pids == -1] = 0  # torchreid leaves junk to its loaders
        a, b = query.embeddings.double(), gallery.embeddings.double()
        if metric == "cosine":
            distances = 1 - torch.nn.functional.normalize(a) @ torch.nn.functional.normalize(b).T
        else:
            distances = torch.cdist(a, b) ** 2
        assert all(len(row.unique()) == len(gallery) for row in distances)
        cmc, mean_ap = rank.eval_market1501(
            distances.numpy(), query.pids, gallery.pids, query.camids, gallery.camids, 40
        )
        got = score(query, gallery, metric=metric, max_rank=40)
        assert got.mAP == pytest.approx(mean_ap, abs=1e-12)
        np.testing.assert_allclose(got.cmc, cmc, atol=1e-6)  # torchreid sums in float32
