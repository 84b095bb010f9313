"""Finds a trial by what a user calls it: the beginning of a key, its name, or labels in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reidbench.errors import ReidbenchError
from reidbench.plan.selection import KINDS, Names, meaning
from reidbench.results import Result, TrialId, read_result, single_files
from reidbench.results.labels import pieces
from reidbench.run.places import RUNS
from reidbench.run.trial_curves import chain
from reidbench.store import Store
from reidbench.store.inventory import described

FEW = 5
"""Candidates that are named of many."""
WHOLE = 16
"""Digits of a key."""
_KEY = re.compile(rf"[0-9a-f]{{4,{WHOLE}}}")
_NETWORKS = ("train", "prune", "load")
"""Kinds of phases that leave a network; measurements have keys in the store too."""


@dataclass(frozen=True)
class NamedTrial:
    """A trial: its result file or the key of its last phase, and its name in words."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.place})"


def find_trial(word: str, store: Store) -> NamedTrial:
    """Return the one trial that a word means.

    A word is a path, the key of a phase in the store or of a result, the beginning of a key (four
    digits or more), or what the trials of runs are called, divided by slashes: a whole name as
    ``reidbench curves`` prints it, or parts of one, each as ``--only`` takes it
    (``l1/0.5/seed=0``). Runs are looked for beside the store and in ``runs``.

    Raises:
        ReidbenchError: it means none, or several.
        ResultError: a result among those looked through cannot be read.

    """
    digits = len(word) if _KEY.fullmatch(word) else 0
    itself = NamedTrial(word, word)
    if _exists(word) or (digits == WHOLE and store.has(word)):
        return itself
    found = list(_of_key(word, store)) if digits else []
    found = found or list(_of_name(word, store))
    if digits == WHOLE and not found:
        return itself  # a key of nothing here, which whoever looks for its network says
    if not found:
        raise ReidbenchError(
            f"{word}: neither a result file, as in runs/quickstart/results/, nor the key of a "
            f"phase in {store.root} or the beginning of one, nor what a trial in "
            f"{' or '.join(f'{it}/*/results' for it in _runs(store))} is called; name another "
            "store with --store"
        )
    if len(found) > 1:
        few = ", ".join(map(str, found[:FEW])) + (", ..." if len(found) > FEW else "")
        raise ReidbenchError(
            f"{word}: {len(found)} trials are called so: {few}; say more of the name, as in "
            "l1/0.5/seed=0, or give a key"
        )
    return found[0]


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # longer than a name may be, or with a zero byte
        return False


def _of_key(beginning: str, store: Store) -> Iterator[NamedTrial]:
    """Yield the phases with a network and the results whose keys begin so."""
    for key in store.artefacts() if store.root.is_dir() else ():
        if key.startswith(beginning) and store.has(key):
            notes = dict(chain(key, store))
            if notes[key].get("kind") in _NETWORKS:
                yield NamedTrial(key, described(notes[key], notes))
    files = {it.stem: it for it in reversed(_files(store)) if it.stem.startswith(beginning)}
    for path in sorted(files.values()):
        yield NamedTrial(str(path), str(read_result(path).trial))


def _of_name(word: str, store: Store) -> Iterator[NamedTrial]:
    """Yield the trials of runs that a name means, each network once."""
    results = {path: read_result(path) for path in _files(store)}
    meant = _called(word, {path: it.trial for path, it in results.items()})
    networks: dict[str, NamedTrial] = {}
    for path in meant:
        result = results[path]
        networks.setdefault(_network(result), NamedTrial(str(path), str(result.trial)))
    yield from networks.values()


def _called(word: str, trials: Mapping[Path, TrialId]) -> list[Path]:
    whole = [path for path, trial in trials.items() if str(trial) == word]
    if whole or not trials:
        return whole
    left = {path: _names(trial) for path, trial in trials.items()}
    for part in pieces(word, "/"):
        if means := meaning(list(left.values()), part, {}):
            kind, names = means
            left = {path: its for path, its in left.items() if its[kind] & names}
        else:  # as a name has it: l1[one-shot,uniform]@50%, seed0
            left = {path: its for path, its in left.items() if part in _parts(trials[path])}
    return list(left)


def _names(trial: TrialId) -> Names:
    given = {kind: getattr(trial, kind) for kind in KINDS}
    return {kind: frozenset({str(it)} if it is not None else ()) for kind, it in given.items()}


def _parts(trial: TrialId) -> list[str]:
    return list(pieces(str(trial), "/"))


def _network(result: Result) -> str:
    return result.phases[-1].key if result.phases else result.key


def _runs(store: Store) -> list[Path]:
    """Return the folders that hold runs: the store's own, and the usual one."""
    own = store.root.parent
    return [own] if own.resolve() == RUNS.resolve() else [own, RUNS]


def _files(store: Store) -> list[Path]:
    folders = [folder for runs in _runs(store) for folder in sorted(runs.glob("*/results"))]
    return [path for folder in folders for path in single_files(folder)]
