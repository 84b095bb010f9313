"""Keeps a store whole and small: verifies artefacts, and removes the least recently used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from reidbench.store.artefacts import Store, StoreError
from reidbench.store.integrity import FILES, faults
from reidbench.store.inventory import Artefact, Leftover, Survey
from reidbench.store.owner import is_left_over, remove_signed

_DAY = 86400.0
_OF_FOLDERS, _OF_CHECKPOINTS = _DAY, 7 * _DAY
"""Seconds without a change after which nobody is taken to write, or to come back for it."""


def check(
    store: Store, key: str, tick: Callable[[int], None] = lambda done: None
) -> list[str] | None:
    """Return what is wrong with an artefact: nothing if it is whole, or removed meanwhile.

    ``tick`` is called with the bytes of each piece that was read. None if it cannot be verified:
    it was written before notes had digests.
    """
    try:
        meta = store.meta(key)
        if FILES not in meta:
            return None
        found = list(faults(store.root / key, meta[FILES], tick))
    except StoreError as error:
        reason = error.__cause__
        found = [f"meta.json is missing or damaged ({getattr(reason, 'strerror', None) or reason})"]
    # Another process may be removing it, one file after another.
    return found if (store.root / key).is_dir() else []


@dataclass(frozen=True)
class Limits:
    """How much a store keeps.

    Attributes:
        size: bytes that the store may have at most, None for no limit.
        age: seconds since its last use after which an artefact is removed, None for never.
        kinds: the kinds of artefacts that may be removed, empty for all.
        spare: an artefact used within the last ``spare`` seconds is kept in any case.
    """

    size: int | None
    age: float | None
    kinds: Collection[str]
    spare: float


class Excess(NamedTuple):
    """The artefacts to remove, in this order, and those kept only because of a recent use."""

    going: tuple[Artefact, ...]
    spared: tuple[Artefact, ...]


def stale(found: Survey, now: float) -> tuple[Leftover, ...]:
    """Return temporary folders unchanged for a day, and checkpoints unchanged for a week."""
    return tuple(
        each
        for each in found.leftovers
        if now - each.changed > (_OF_CHECKPOINTS if each.is_checkpoint else _OF_FOLDERS)
    )


def remove_leftover(leftover: Leftover) -> None:
    """Remove a temporary folder, or a checkpoint."""
    if leftover.is_checkpoint:
        leftover.path.unlink(missing_ok=True)
    else:
        remove_signed(leftover.path)


def excess(found: Survey, limits: Limits, now: float) -> Excess:
    """Return what to remove: too old, or least recently used until the rest is small enough.

    Stale temporary folders are not counted.
    """
    size = found.size - sum(each.size for each in stale(found, now))
    going: list[Artefact] = []
    spared: list[Artefact] = []
    for artefact in sorted(found.artefacts, key=lambda each: each.used):
        # A time in the future, from a wrong clock, must not keep an artefact forever.
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
    """Remove an artefact unless it was used since the survey; return whether it was removed."""
    try:
        if store.last_used(artefact.key) > artefact.used:
            return False
    except FileNotFoundError:
        return False
    return store.remove(artefact.key)


def clear_dead(store: Store) -> list[str]:
    """Remove what dead processes of this machine were writing, and their claims; return names.

    Whatever another machine writes, or a process that does not say who it is, stays.
    """
    names = store.leftovers() + store.claims() if store.root.is_dir() else []
    dead = [name for name in names if is_left_over(store.root / name)]
    for name in dead:
        remove_signed(store.root / name)
    return dead
