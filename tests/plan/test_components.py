"""What of a data set is read from disk, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.plan import ConfiguredData, distinct
from reidbench.plugins import Registry
from tests.plan.conftest import only
from tests.support.tiny_disk import photograph


@pytest.fixture(scope="module")
def data(folder: Path, tiny_registry: Registry) -> str:
    """Put ``tiny-disk`` below the folder, and return the name of its data root."""
    photograph(tiny_registry, folder / "photographs")
    return "photographs"


def test_a_plan_reads_the_lists_of_its_data_once(
    folder: Path, tiny_registry: Registry, data: str
) -> None:
    target = only(folder, tiny_registry, data=data, targets=["tiny-disk"]).final.data
    (lists,) = target.cached_lists.values()
    assert target.lists() is lists and target.build() is lists
    assert target.document()["content"] == lists.fingerprint[:16]


def test_a_source_that_weights_replace_is_not_read(
    folder: Path, tiny_registry: Registry, data: str
) -> None:
    trial = only(
        folder,
        tiny_registry,
        data=data,
        scenarios={"a": [{"train": "source"}, {"prune": "target"}]},
        source={"dataset": "tiny-disk", "weights": "imagenet"},
    )
    assert trial.key and trial.data["source"].folder is not None
    assert trial.data["source"].cached_lists == {}


def test_comparing_data_sets_reads_none(folder: Path, tiny_registry: Registry, data: str) -> None:
    component = tiny_registry.datasets.get("tiny-disk")
    one, other = (ConfiguredData(component, {}, folder / data) for _ in range(2))
    assert distinct([one, one, other]) == [other]
    assert one.folder is not None
    assert one.cached_lists == other.cached_lists == {}


def test_a_built_in_data_set_has_no_content_in_its_key(
    folder: Path, tiny_registry: Registry
) -> None:
    target = only(folder, tiny_registry).final.data
    assert target.content is None and "content" not in target.document()
    assert target.document() == target.configuration()
