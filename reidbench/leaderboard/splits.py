"""Pools random splits of one data set: what was run on each is a block of one table."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from reidbench.results import Result

_POOLED = ", {} splits"
_SPLIT = re.compile(r"\(split=(\d+)\)|\bsplit=(\d+), |, split=(\d+)")
FIRST = 0
"""The split of a label that names none: an option's default is not part of it."""


def pool_splits(results: Iterable[Result]) -> list[Result]:
    """Return the results, those on several splits of a data set as if on one.

    Targets that differ in their option ``split`` alone share a table, and a pair of split and seed
    takes the place of the seed there. A split of which there are two copies is left alone.
    """
    sets: dict[Hashable, list[Result]] = defaultdict(list)
    for result in results:
        sets[_data_set(result)].append(result)
    return [result for own in sets.values() for result in _pooled(own)]


def is_pooled(target: str) -> bool:
    """Return whether a target's name is one of pooled splits."""
    return re.search(_POOLED.format(r"\d+") + "$", target) is not None


def _pooled(results: Sequence[Result]) -> list[Result]:
    splits = sorted({_split(result) for result in results})
    copies = {(_split(it), it.components["target"].content) for it in results if _named(it)}
    if len(splits) < 2 or len(copies) > len(splits):
        return list(results)
    seeds = 1 + max(result.trial.seed for result in results)
    content = hashlib.sha256(repr(sorted(map(str, copies))).encode()).hexdigest()[:16]
    return [
        _as_block(it, len(splits), _split(it) * seeds + it.trial.seed, content) for it in results
    ]


def _as_block(result: Result, splits: int, block: int, content: str) -> Result:
    """Return a result under the pooled target, its block in the place of its seed."""
    target = _whole(result) + _POOLED.format(splits)
    trial = result.trial.model_copy(update={"target": target, "seed": block})
    components = dict(result.components)
    if _named(result):
        components["target"] = components["target"].model_copy(update={"content": content})
    # Budgets are compared by what phases train on.
    phases = [
        it.model_copy(update={"on": target}) if it.on == result.trial.target else it
        for it in result.phases
    ]
    changed = {"trial": trial, "components": components, "phases": phases}
    return result.model_copy(update=changed)


def _named(result: Result) -> bool:
    return "target" in result.components


def _data_set(result: Result) -> Hashable:
    return _whole(result), result.protocol.get("sha256")


def _whole(result: Result) -> str:
    """Return a target's label without its split."""
    return _SPLIT.sub("", result.trial.target)


def _split(result: Result) -> int:
    found = _SPLIT.search(result.trial.target)
    return int(next(filter(None, found.groups()))) if found else FIRST
