"""Keeps a store sound and small: checks artefacts, and removes those used least recently."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from reidbench.store.artefacts import Store, StoreError
from reidbench.store.integrity import FILES, faults
from reidbench.store.inventory import Artefact, Leftover, Survey, last_used

_DAY = 86400.0


def check(
    store: Store, key: str, tick: Callable[[int], None] = lambda done: None
) -> list[str] | None:
    """Return what is wrong with an artefact, nothing if it is whole or gone by now.

    ``tick`` is told of the bytes of each piece that was read. None stands for one that cannot be
    verified: its notes can be read, and were made before digests were kept.
    """
    try:
        meta = store.meta(key)
        if FILES not in meta:
            return None
        found = list(faults(store.root / key, meta[FILES], tick))
    except StoreError as error:
        reason = error.__cause__
        found = [f"meta.json is missing or damaged ({getattr(reason, 'strerror', None) or reason})"]
    # Another process may have removed it meanwhile, and its files one after another.
    return found if (store.root / key).is_dir() else []


@dataclass(frozen=True)
class Limits:
    """What may stay in a store.

    Attributes:
        size: bytes the store may hold at most, None for any number.
        age: seconds since its last use after which an artefact goes, None for never.
        kinds: of which kinds artefacts may go, empty for all.
        spare: what was used this many seconds ago, or less, stays whatever the rest says.

    """

    size: int | None
    age: float | None
    kinds: Collection[str]
    spare: float


class Excess(NamedTuple):
    """What is to go, in this order, and what would have gone, were it not used so lately."""

    going: tuple[Artefact, ...]
    spared: tuple[Artefact, ...]


def stale(found: Survey, now: float) -> tuple[Leftover, ...]:
    """Return the temporary folders that no writer can still be at: unchanged for a day."""
    return tuple(each for each in found.leftovers if now - each.changed > _DAY)


def excess(found: Survey, limits: Limits, now: float) -> Excess:
    """Return what goes: too old, or least recently used until the rest is small enough.

    Stale temporary folders are taken to be gone.
    """
    size = found.size - sum(each.size for each in stale(found, now))
    going: list[Artefact] = []
    spared: list[Artefact] = []
    for artefact in sorted(found.artefacts, key=lambda each: each.used):
        # A clock that was wrong once must not keep anything for good.
        idle = max(0.0, now - artefact.used)
        too_old = limits.age is not None and idle > limits.age
        too_much = limits.size is not None and size > limits.size
        if (limits.kinds and artefact.kind not in limits.kinds) or not (too_old or too_much):
            continue
        if idle < limits.spare:
            spared.append(artefact)
        else:
            going.append(artefact)
        size -= artefact.size
    return Excess(tuple(going), tuple(spared))


def remove_unused(store: Store, artefact: Artefact) -> bool:
    """Remove an artefact unless it was used, or removed, since it was surveyed; say whether."""
    try:
        if last_used(store, artefact.key) > artefact.used:
            return False
    except FileNotFoundError:
        return False
    return store.remove(artefact.key)
