"""A PK batch is P different people with K images each, and an epoch uses every image about once."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reidbench.engine.training import PKSampler, generator
from reidbench.engine.training.batches import ShuffledSampler
from reidbench.errors import ReidbenchError

COUNTS = st.lists(st.integers(1, 9), min_size=3, max_size=9)


def labels_of(counts):
    """Return shuffled labels with ``counts[i]`` images of person i."""
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))]


def sampler(counts, identities=3, images=4, seed=0):
    return PKSampler(labels_of(counts), identities, images, generator(seed, "batches"))


def epochs(sampler, number=1):
    """Return the batches of the next epochs, a list of indices each."""
    batches = islice(sampler, number * sampler.steps_per_epoch)
    return [batch.tolist() for batch in batches]


def together(batches):
    return [index for batch in batches for index in batch]


@given(counts=COUNTS, images=st.integers(2, 5), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_a_batch_holds_p_different_people_with_k_images_each(counts, images, seed):
    labels = labels_of(counts)
    drawn = sampler(counts, images=images, seed=seed)
    for batch in epochs(drawn, 3):
        people = labels[torch.tensor(batch)].view(3, images)
        assert (people == people[:, :1]).all()
        assert len(people[:, 0].unique()) == 3


@given(counts=COUNTS, images=st.integers(2, 5))
@settings(max_examples=60)
def test_an_image_is_twice_in_a_batch_only_if_its_person_has_too_few(counts, images):
    labels = labels_of(counts)
    for batch in epochs(sampler(counts, images=images), 2):
        for index, times in Counter(batch).items():
            count = counts[labels[index]]
            assert times == 1 if count >= images else times <= -(-images // count)


@given(chunks=st.integers(1, 5), images=st.integers(2, 5), rounds=st.integers(1, 3))
@settings(max_examples=30)
def test_an_epoch_uses_each_image_exactly_once_where_counts_divide(chunks, images, rounds):
    drawn = sampler([chunks * images] * 3 * rounds, images=images)
    once = list(range(chunks * images * 3 * rounds))
    for start in range(3):
        epoch = epochs(drawn)
        assert sorted(together(epoch)) == once, start


@given(counts=COUNTS)
@settings(max_examples=60)
def test_over_many_epochs_no_image_is_left_out(counts):
    used = Counter(together(epochs(sampler(counts), 30)))
    assert set(used) == set(range(sum(counts)))


def test_people_with_few_images_are_drawn_as_often_as_their_chunks_say():
    counts = [16] * 6 + [2] * 6
    labels = labels_of(counts)
    used = Counter(labels[torch.tensor(together(epochs(sampler(counts), 40)))].tolist())
    few, many = used[11] / 40, used[0] / 40
    assert few == pytest.approx(4, rel=0.25)  # one chunk of four an epoch
    assert many == pytest.approx(16, rel=0.25)


@pytest.mark.parametrize(
    ("counts", "steps"),
    [([8] * 6, 4), ([8, 8, 8, 9], 3), ([1, 1, 1], 1), ([4, 4, 40], 4), ([1] * 10, 3)],
)
def test_an_epochs_length_is_the_chunks_over_p(counts, steps):
    assert sampler(counts).steps_per_epoch == steps


def test_one_person_with_most_images_does_not_stop_an_epoch():
    drawn = sampler([4, 4, 400])
    assert len(epochs(drawn)) == drawn.steps_per_epoch == 34


def test_epochs_differ_and_a_seed_repeats_them():
    first, second = epochs(sampler([8] * 6)), epochs(sampler([8] * 6), 2)[4:]
    assert first != second
    assert epochs(sampler([8] * 6), 2) == first + second
    assert epochs(sampler([8] * 6, seed=1)) != first


def test_too_few_people_are_one_clear_error():
    with pytest.raises(ReidbenchError, match=r"needs 3 identities.*has 2: use a larger data set"):
        sampler([8, 8])


class TestShuffled:
    """Batches of a classification source."""

    @given(images=st.integers(4, 60), size=st.integers(2, 20), seed=st.integers(0, 9))
    def test_an_epoch_uses_every_image_at_most_once_in_full_batches(self, images, size, seed):
        assume(images >= size)
        sampler = ShuffledSampler(images, size, generator(seed, "batches"))
        batches = iter(sampler)
        for _ in range(2):
            epoch = [next(batches) for _ in range(sampler.steps_per_epoch)]
            drawn = torch.cat(epoch).tolist()
            assert {len(batch) for batch in epoch} == {size}
            assert len(set(drawn)) == len(drawn) == images // size * size

    def test_too_few_images_for_a_batch_are_refused(self):
        with pytest.raises(ReidbenchError, match="a batch needs 5 images, the training split has"):
            ShuffledSampler(4, 5, generator(0, "batches"))
