"""The training curves of a trial, phase after phase, as they are kept in the store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidbench.api.events import CurvePoint
from reidbench.errors import ReidbenchError
from reidbench.results import read_result
from reidbench.store import Store
from reidbench.store.curve import read_curve
from reidbench.store.inventory import Notes, described, source

_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class PhaseCurve:
    """The curve of a phase; no points where none was kept."""

    title: str
    points: Sequence[CurvePoint]


@dataclass(frozen=True)
class TrialCurves:
    """The curves of the phases of a trial that train, in their order."""

    name: str
    phases: tuple[PhaseCurve, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no phase has kept a curve."""
        return not any(phase.points for phase in self.phases)


def trial_curves(trial: str, store: Store) -> TrialCurves:
    """Return the curves of a trial: of a result file, or of a phase's key and the phases before.

    Raises:
        ReidbenchError: it is neither, or a curve is damaged.
        ResultError: the result file cannot be read.

    """
    if Path(trial).is_file():
        result = read_result(Path(trial))
        phases = [(it.kind, it.on, it.key) for it in result.phases if it.steps]
        name = str(result.trial)
    elif _KEY.fullmatch(trial) and store.has(trial):
        before = dict(chain(trial, store))
        name = described(before[trial], before)
        # Loading, cutting alone and measuring have no steps.
        trained = [key for key in reversed(before) if before[key].get("steps")]
        phases = [(str(before[key]["kind"]), str(before[key]["on"]), key) for key in trained]
    else:
        raise ReidbenchError(
            f"{trial}: neither a result file, as in runs/quickstart/results/, nor the key of a "
            f"phase in {store.root}; name another store with --store"
        )
    curves = (PhaseCurve(f"{kind} on {on}", read_curve(store, key)) for kind, on, key in phases)
    return TrialCurves(name, tuple(curves))


def chain(key: str | None, store: Store) -> Iterator[tuple[str, Notes]]:
    """Yield key and notes of a phase and of those before it, the last first."""
    while key is not None and store.has(key):
        notes = store.meta(key)
        yield key, notes
        key = source(notes)


def short_names(names: Sequence[str]) -> list[str]:
    """Return trials' names without the parts that all of them have in common, each once.

    Of two results of one trial the second is marked.
    """
    short = _differing(names)
    return [
        f"{name} ({short[:place].count(name) + 1})" if name in short[:place] else name
        for place, name in enumerate(short)
    ]


def _differing(names: Sequence[str]) -> list[str]:
    parts = [name.split("/") for name in names]
    if len(names) < 2 or len({len(each) for each in parts}) > 1:
        return list(names)
    differing = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    short = ["/".join(p for p, d in zip(each, differing, strict=True) if d) for each in parts]
    return short if any(differing) else list(names)
