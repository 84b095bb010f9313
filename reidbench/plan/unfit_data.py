"""Finds data sets that a plan would train or measure on in vain; imports no torch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.config.protocol import BatchRules, ShuffledBatch
from reidbench.errors import ReidbenchError, named_line
from reidbench.interrupts import noting_interrupts
from reidbench.plan.components import Configured, ConfiguredData, Lists, canonical
from reidbench.plan.missing_data import data_read
from reidbench.plan.nodes import LoadNode, PhaseNode, PruneNode
from reidbench.plan.trials import Plan, Trial
from reidbench.plan.unsteady_data import unsteady

IMAGES_OF_A_PERSON = 2
"""Images that a person needs to be of use to a triplet loss."""


class PreflightError(ReidbenchError):
    """A plan that could not be carried out to its end."""


def unfit_data(plan: Plan, trials: Sequence[Trial]) -> Iterator[ReidbenchError]:
    """Yield every fault in the lists of the data sets that are there; reads no image."""
    for data in data_read(trials):
        if not data.missing:
            yield from unfit_data_set(plan, trials, data, images=False)


def unfit_data_set(
    plan: Plan, trials: Sequence[Trial], data: ConfiguredData, *, images: bool = True
) -> Iterator[ReidbenchError]:
    """Yield every fault of a data set that is there: one sentence each, nothing is raised.

    Lists that are not the published ones, training images that make no batch of the protocol, test
    images of which no query can be matched, and, with ``images``, images that are others each time.
    """
    try:
        made, whole = make(data), data.whole()
        faults = list(unsteady(data, whole)) if images else []
    except ReidbenchError as error:
        yield error
        return
    faults += [*_unlike_the_published(data, whole), *_without_batches(plan, trials, data, made)]
    measured = {canonical(trial.final.data.configuration()) for trial in trials}
    if isinstance(made, ReIDData) and canonical(data.configuration()) in measured:
        faults += _without_matches(made)
    yield from (
        PreflightError(f"suite '{plan.suite.name}': {data.label} {fault}") for fault in faults
    )


def make(part: Configured) -> Any:
    """Build a component.

    Raises:
        ReidbenchError: it cannot be built, in a sentence that names it and its plugin.

    """
    with noting_interrupts() as received:
        try:
            return part.build()
        except ReidbenchError:
            raise
        # A plugin may end the process, or panic in another language: it is left out like any other.
        except BaseException as error:
            if received:
                raise
            raise PreflightError(
                f"{part.in_full} cannot be made ({named_line(error)}); correct it or leave it out"
            ) from error


def _unlike_the_published(data: ConfiguredData, whole: Lists) -> Iterator[str]:
    """Say how a copy differs from the published data set, unless the suite accepts it."""
    if whole.published is None or whole.drawn or not data.complete:
        return
    found, published = asdict(whole.counts), asdict(whole.published)
    odd = [
        f"{name.replace('_', ' ')} {found[name]}, published {count}"
        for name, count in published.items()
        if count is not None and found[name] != count
    ]
    if odd:
        yield (
            f"is not the published data set: {'; '.join(odd)}; see 'reidbench data check "
            f"{data.record.name}', or accept it with 'complete: false', which its rows then say"
        )


def _without_batches(
    plan: Plan, trials: Iterable[Trial], data: ConfiguredData, made: Lists
) -> Iterator[str]:
    """Say why the training images make no batch of the protocol."""
    needed = _batches(trials, data)
    if needed and isinstance(made, ReIDData) and made.test_only:
        yield (
            "is for measuring alone: it has no training images, and a scenario of suite "
            f"'{plan.suite.name}' trains or prunes on it; train and prune on a source or a bridge "
            "instead"
        )
        return
    where = f"a batch of protocol {plan.protocol.name} needs"
    if isinstance(made, ClassificationData):
        images = max((it.size for it in needed if isinstance(it, ShuffledBatch)), default=0)
        if len(made.train) < images:
            yield (
                f"has {len(made.train)} images to train on, {where} {images}; use a larger data set"
            )
        return
    people = max((it.identities for it in needed if isinstance(it, BatchRules)), default=0)
    images_of = Counter(made.train.pids.tolist())
    useful = sum(count >= IMAGES_OF_A_PERSON for count in images_of.values())
    if len(images_of) < people:
        yield f"has {len(images_of)} people to train on, {where} {people}; use a larger data set"
    elif useful < people:
        yield (
            f"has {useful} people with {IMAGES_OF_A_PERSON} images or more to train on, {where} "
            f"{people}; use a data set with more images of each"
        )


def _batches(trials: Iterable[Trial], data: ConfiguredData) -> list[BatchRules | ShuffledBatch]:
    """Return the batches that phases draw from a data set, to train and to calibrate."""
    needed: dict[str, BatchRules | ShuffledBatch] = {}
    configuration = data.configuration()
    phases: dict[str, PhaseNode] = {node.key: node for trial in trials for node in trial.phases}
    for node in phases.values():
        if isinstance(node, LoadNode) or node.data.configuration() != configuration:
            continue
        batch = node.rules.training.batch
        if node.budget:
            needed[repr(batch)] = batch
        if isinstance(node, PruneNode):
            calibration = batch.of(node.rules.pruning.calibration.batch)
            needed[repr(calibration)] = calibration
    return list(needed.values())


def _without_matches(made: ReIDData) -> Iterator[str]:
    """Say why nothing can be retrieved: no query, or none that another camera saw."""
    if not len(made.query):
        yield "has no query image: nothing can be measured on it"
        return
    seen_by: dict[int, set[int]] = defaultdict(set)
    for pid, camera in zip(made.gallery.pids.tolist(), made.gallery.camids.tolist(), strict=True):
        seen_by[pid].add(camera)
    queries = zip(made.query.pids.tolist(), made.query.camids.tolist(), strict=True)
    if not any(pid >= 0 and seen_by[pid] - {camera} for pid, camera in queries):
        yield (
            f"has {len(made.query)} queries, and the gallery has no match from another camera for "
            "any of them: nothing can be measured on it"
        )
