"""A batch may be made while the step before it is taken; nobody can tell from the weights."""

from __future__ import annotations

import threading
import time

import pytest
import torch

from reidbench.engine.training.batches import Feed
from reidbench.engine.training.seeds import generator
from tests.engine.training.networks import SMOKE, network, people, rules, trainer


def feed(*, prefetch, images=None):
    return Feed(images or people(), rules(), SMOKE.input, torch.device("cpu"), prefetch=prefetch)


def batches(count=7, **how):
    made = feed(**how)
    return list(made.batches(made.sampler(generator(0, "a")), count, generator(0, "b")))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_prefetched_batches_train_to_the_same_bits(precision):
    states = []
    for prefetch in (False, True):
        net = network(0, dropout=0.5)
        training = trainer(net, prefetch=prefetch, precision=precision)
        training.train(4)
        training.train(6)
        states.append(net.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_there_are_as_many_batches_as_steps_and_the_same_either_way():
    plain, prefetched = batches(prefetch=False), batches(prefetch=True)
    assert len(plain) == len(prefetched) == 7
    for one, other in zip(plain, prefetched, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_batch_is_made_by_another_thread_while_the_last_one_is_used():
    made = feed(prefetch=True)
    makers = []

    class Watched:
        def __iter__(self):
            for indices in made.sampler(generator(0)):
                makers.append(threading.current_thread())
                yield indices

    coming = made.batches(Watched(), 3, generator(1))
    next(coming)
    while len(makers) < 2:  # the second is made though nobody asks for it
        time.sleep(0.001)
    assert threading.main_thread() not in makers
    coming.close()


def test_what_goes_wrong_in_the_thread_is_raised_by_the_step_that_needs_it():
    class Breaks:
        def __iter__(self):
            yield torch.arange(4)
            raise OSError("the file is gone")

    coming = feed(prefetch=True).batches(Breaks(), 5, generator(1))
    next(coming)
    with pytest.raises(OSError, match="the file is gone"):
        next(coming)


def test_a_trainer_counts_images_and_the_time_that_steps_waited_for_them():
    training = trainer(network())
    training.train(4)
    assert training.images_seen == 4 * rules().batch.size
    assert 0 < training.waited < 60
