"""What a phase reads from the store counts as used, so that clean-up keeps it."""

from __future__ import annotations

import os

from tests.engine.phases.world import method

LONG_AGO = 1e9


def test_a_prune_phase_marks_its_network_pixels_and_shared_scores(fresh):
    fresh.run(fresh.prune(method("Counting"), reduction=0.25))
    kinds = aged(fresh.store)
    fresh.run(fresh.prune(method("Counting"), reduction=0.5))
    assert used(fresh.store, kinds) == ["pixels", "scores", "train"]


def test_a_measurement_marks_its_network_and_pixels(fresh):
    network = fresh.train()
    fresh.run(fresh.measure(network))
    kinds = aged(fresh.store)
    fresh.store.remove(fresh.measure(network).key)
    fresh.run(fresh.measure(network))
    assert used(fresh.store, kinds) == ["pixels", "pixels", "train"]


def aged(store):
    """Age all artefacts of a store, and return the kind of each."""
    for key in store.artefacts():
        os.utime(store.folder(key), (LONG_AGO, LONG_AGO))
    return {key: store.meta(key)["kind"] for key in store.artefacts()}


def used(store, kinds):
    """Return the kinds of the aged artefacts that were marked since, sorted."""
    there = kinds.keys() & set(store.artefacts())
    marked = {key for key in there if store.last_used(key) > LONG_AGO}
    return sorted(kinds[key] for key in marked if kinds[key] != "evaluate")
