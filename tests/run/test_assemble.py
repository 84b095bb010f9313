"""What a result names as the beginning of its network."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.plugins import Registry
from reidbench.run.assemble import left_out_result
from tests.plan.conftest import plan


@pytest.mark.parametrize(
    ("weights", "name", "content"),
    [("imagenet", "imagenet", "imagenet"), ("ours.pth", "ours.pth", None), (None, "tiny", None)],
)
def test_a_row_that_does_not_apply_names_the_weights_that_its_neighbours_begin_with(
    tmp_path: Path, tiny_registry: Registry, weights: str | None, name: str, content: str | None
) -> None:
    (tmp_path / "ours.pth").write_bytes(b"weights")
    source = {"dataset": "tiny", "options": {"palette": 1}}
    if weights is not None:
        source = {"dataset": "tiny-disk", "weights": weights}
    phases = [{"train": "source"}, {"prune": "target", "not_for": "progressive"}]
    it = plan(tmp_path, tiny_registry, scenarios={"a": phases}, source=source, methods=["psfp"])
    begun = left_out_result(it, it.left_out[0]).components["source"]
    assert begun.name == name
    assert begun.content == content or (weights == "ours.pth" and len(begun.content or "") == 64)
