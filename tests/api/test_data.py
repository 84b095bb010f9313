"""A re-ID data set keeps training and test people apart, or is refused with a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reidbench.api.data import DataError, ReIDData, Split


def split(*pids, prefix="image"):
    return Split(
        pids=np.array(pids, dtype=np.int64),
        camids=np.arange(len(pids)) % 2,
        names=tuple(f"{prefix}{i}.png" for i in range(len(pids))),
        reader=lambda i: np.full((4, 2, 3), i, dtype=np.uint8),
    )


def data(train=(1, 1, 2), query=(7, 8), gallery=(7, 8, 0, -1)):
    return ReIDData(name="toy", train=split(*train), query=split(*query), gallery=split(*gallery))


def test_a_split_gives_its_images_by_index():
    assert split(4, 5).read(1).tolist() == [[[1] * 3] * 2] * 4
    assert len(split(4, 5)) == 2


def test_a_split_needs_an_identity_a_camera_and_a_name_an_image():
    with pytest.raises(DataError, match="got 3, 2 and 2"):
        replace(split(1, 2), pids=np.array([1, 2, 3]))


def test_a_splits_names_are_unique():
    with pytest.raises(DataError, match="unique"):
        replace(split(1, 2), names=("a", "a"))


def test_people_of_the_test_split_may_not_be_trained_on():
    with pytest.raises(DataError, match=r"'toy': identities \[2\].*disjoint people"):
        data(query=(2, 8))


def test_distractors_may_share_a_number_with_training_people():
    assert data(train=(0, 1, 1), gallery=(7, 8, 0, 1)).train.pids[0] == 0


def test_junk_may_not_be_trained_on():
    with pytest.raises(DataError, match=r"'toy': identity -1 is junk.*leave it out"):
        data(train=(1, -1))


def test_a_data_set_needs_training_images_but_a_source_needs_no_test_images():
    with pytest.raises(DataError, match="'toy': the training split has no images"):
        data(train=())
    assert len(data(query=(), gallery=()).query) == 0


def test_a_test_only_set_has_no_training_image():
    made = replace(data(), train=split(), test_only=True)
    assert len(made.train) == 0 and made.counts.train_ids == 0
    with pytest.raises(DataError, match="'toy': is test_only, and has training images"):
        replace(data(), test_only=True)
