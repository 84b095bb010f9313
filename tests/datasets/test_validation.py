"""The validation split: training people alone, the same ones for everybody."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.api.data import DataError, ReIDData, Split
from reidbench.datasets.validation import SHARE, is_held_out, validation_split

PEOPLE = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), min_size=1, max_size=80)


def split(people: list[tuple[int, int]], part: str) -> Split:
    """Return images of (person, camera), each of which shows its own number."""
    return Split(
        pids=np.array([pid for pid, _ in people], dtype=np.int64),
        camids=np.array([camera for _, camera in people], dtype=np.int64),
        names=tuple(f"{part}/{index:03d}" for index in range(len(people))),
        reader=lambda index: np.full((1, 1, 3), index, dtype=np.uint8),
        digest="d",
    )


def data(people: list[tuple[int, int]]) -> ReIDData:
    tests = split([(1000, 0), (1000, 1)], "test")
    return ReIDData("some", split(people, "train"), tests, tests)


def test_an_identity_is_held_out_by_its_hash_alone_about_one_in_five() -> None:
    for pid in (0, 8, 1501):
        first = int(hashlib.sha256(str(pid).encode()).hexdigest()[:16], 16)
        assert is_held_out(pid) == (first / 2**64 < 0.2)
    assert sum(map(is_held_out, range(2000))) / 2000 == pytest.approx(SHARE, abs=0.02)


@given(PEOPLE)
def test_every_training_image_is_trained_on_or_in_the_gallery(
    people: list[tuple[int, int]],
) -> None:
    if all(is_held_out(pid) for pid, _ in people):
        with pytest.raises(DataError, match="all of its training people are held out"):
            validation_split(data(people))
        return
    whole, it = data(people).train, validation_split(data(people))
    assert sorted([*it.train.names, *it.gallery.names]) == list(whole.names)
    assert not {*it.train.pids.tolist()} & {*it.gallery.pids.tolist()}
    assert set(it.query.names) <= set(it.gallery.names)
    for part in (it.train, it.query, it.gallery):
        for index, name in enumerate(part.names):
            at = whole.names.index(name)
            assert part.pids[index] == whole.pids[at] and part.camids[index] == whole.camids[at]
            assert part.read(index)[0, 0, 0] == at


@given(PEOPLE)
def test_every_query_has_a_match_from_another_camera_and_is_its_first_image(
    people: list[tuple[int, int]],
) -> None:
    people.append((1, 0))  # who stays
    it = validation_split(data(people))
    asked = set()
    for pid, camera, name in zip(it.query.pids, it.query.camids, it.query.names, strict=True):
        same = it.gallery.pids == pid
        assert (it.gallery.camids[same] != camera).any()
        own = [
            n
            for n, p, c in zip(it.gallery.names, it.gallery.pids, it.gallery.camids, strict=True)
            if (p, c) == (pid, camera)
        ]
        assert name == min(own)
        asked.add((pid, camera))
    assert len(asked) == len(it.query)
    seen = {(pid, camera) for pid, camera in people if is_held_out(pid)}
    assert asked == {
        (pid, camera) for pid, camera in seen if len({c for p, c in seen if p == pid}) > 1
    }
