"""Lists a store: each artefact's kind, content in words, size, and when it was last used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from reidbench.store.artefacts import Store, StoreError
from reidbench.store.checkpoints import checkpoints
from reidbench.store.owner import OWNER

Notes: TypeAlias = Mapping[str, Any]


def described(notes: Notes, others: Mapping[str, Notes]) -> str:
    """Return method, network, data and seed; for a measurement, those of the measured network.

    ``others`` are the notes of the artefacts beside it, by key.
    """
    document = part(notes, "document")
    measured = others.get(source(notes) or "", {}) if "state" in document else notes
    return ", ".join(_words(notes, document, measured, others))


def source(notes: Notes) -> str | None:
    """Return the key of the network that an artefact starts from, or measures."""
    return part(notes, "document").get("network")


def part(notes: Notes, name: str) -> Notes:
    """Return a mapping among notes, empty if there is none of that name."""
    found = notes.get(name)
    return found if isinstance(found, Mapping) else {}


def _words(
    notes: Notes, document: Notes, measured: Notes, others: Mapping[str, Notes]
) -> Iterator[str]:
    phase = part(measured, "document")
    if "state" in document:
        yield str(document["state"])
    if cut := _cut(phase, others):
        yield _method(part(cut, "method"), cut.get("reduction"))
    if "weights" in phase:
        # A word, or the digest of a file.
        yield f"weights {str(phase['weights'])[:12]}"
    if backbone := part(phase, "backbone"):
        yield str(backbone.get("name"))
    data = part(document, "data") or part(notes, "data")
    same = data == part(phase, "data")
    if label := notes.get("on") or (same and measured.get("on")) or _label(data):
        yield str(label)
    if "part" in notes:
        yield str(notes["part"])
    if "seed" in phase:
        yield f"seed {phase['seed']}"


def _cut(phase: Notes, others: Mapping[str, Notes]) -> Notes:
    """Return the document of the last phase that cut a network, empty if none did."""
    while phase and not part(phase, "method"):
        phase = part(others.get(phase.get("network") or "", {}), "document")
    return phase


def _method(method: Notes, reduction: float | None) -> str:
    words = [str(method.get("name"))]
    # Without a reduction, strategy and allocation mean nothing.
    if reduction:
        how = (method.get("strategy"), method.get("allocation"), f"{100 * reduction:.3g}%")
        words += [str(word) for word in how if word]
    return " ".join(words)


def _label(data: Notes) -> str:
    """Return a data set's name with all of its options, as notes do not say which are defaults."""
    options = ", ".join(f"{name}={value}" for name, value in part(data, "options").items())
    return f"{data.get('name', '')}({options})" if options else str(data.get("name", ""))


DAMAGED = "damaged"
"""The kind of an artefact whose notes cannot be read."""

_KEPT = ("kind", "document", "on", "data", "part", "seconds")


@dataclass(frozen=True)
class Artefact:
    """An artefact as its notes and file sizes describe it.

    Attributes:
        key: its key.
        kind: the phase or measurement that made it, or ``damaged``.
        what: method, network, data and seed in words, as far as they are noted.
        size: bytes of its files.
        used: when it was last used, or one that starts from it was; seconds since 1970.
        seconds: how long it took to make, None where that was not noted.
    """

    key: str
    kind: str
    what: str
    size: int
    used: float
    seconds: float | None


@dataclass(frozen=True)
class Leftover:
    """A temporary folder or a phase's checkpoint: bytes, last change in seconds since 1970."""

    path: Path
    size: int
    changed: float

    @property
    def is_checkpoint(self) -> bool:
        """Whether it is the checkpoint of a phase that was not finished."""
        return self.path.suffix == ".checkpoint"


@dataclass(frozen=True)
class Survey:
    """The contents of a store at one time."""

    artefacts: tuple[Artefact, ...]
    leftovers: tuple[Leftover, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        kept = sum(artefact.size for artefact in self.artefacts)
        return kept + sum(folder.size for folder in self.leftovers)


def survey(store: Store) -> Survey:
    """List a store; what another process removes meanwhile is left out.

    Raises:
        StoreError: there is no such folder.
    """
    if not store.root.is_dir():
        raise StoreError(
            f"{store.root}: no such folder; give the one in which runs keep their networks "
            "with --store or REIDBENCH_STORE"
        )
    notes, sizes, used = {}, {}, {}
    for key in store.artefacts():
        with suppress(FileNotFoundError):
            notes[key] = _notes(store, key)
            used[key] = store.last_used(key)
            sizes[key] = sum(state.st_size for state in _states(store.root / key))
    used = _with_inputs(used, notes)
    artefacts = tuple(
        Artefact(
            key,
            str(notes[key].get("kind", "?")),
            described(notes[key], notes),
            sizes[key],
            used[key],
            sum(parts.values()) if (parts := part(notes[key], "seconds")) else None,
        )
        for key in sizes
    )
    unfinished = [*(store.root / name for name in store.leftovers()), *checkpoints(store)]
    return Survey(artefacts, tuple(map(_leftover, unfinished)))


def _notes(store: Store, key: str) -> Notes:
    try:
        meta = store.meta(key)
    except StoreError:
        return {"kind": DAMAGED}
    # Without the numbers of each query: of many measurements they fill the memory.
    return {name: meta[name] for name in _KEPT if name in meta}


def _with_inputs(used: Mapping[str, float], notes: Mapping[str, Notes]) -> dict[str, float]:
    """Return when each artefact was last used, by itself or by one that starts from it.

    A phase of hours marks its network once, and its trial needs all the phases before it.
    """
    latest = dict(used)
    for key in sorted(used, key=lambda key: -used[key]):
        before = source(notes[key])
        while before in latest and latest[before] < used[key]:
            latest[before] = used[key]
            before = source(notes[before])
    return latest


def _leftover(folder: Path) -> Leftover:
    """Return the bytes of a folder or file, and when it last changed."""
    states = list(_states(folder))
    changed = max((state.st_mtime for state in states), default=0.0)
    with suppress(FileNotFoundError):
        changed = max(changed, folder.stat().st_mtime)
    return Leftover(folder, sum(state.st_size for state in states), changed)


def _states(folder: Path) -> Iterator[os.stat_result]:
    if folder.is_file():
        with suppress(FileNotFoundError):
            yield folder.stat()
    for place, _, names in os.walk(folder):
        for name in set(names) - {OWNER}:
            with suppress(FileNotFoundError):
                yield Path(place, name).stat()
