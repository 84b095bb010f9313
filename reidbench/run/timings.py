"""What a run spent: every phase that was made, by activity, and how many were found made."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from reidbench.engine.device import peak_gpu_memory
from reidbench.files import write_atomically


@dataclass(frozen=True)
class Spent:
    """One phase or measurement that was made.

    Attributes:
        name: what it was, for people: ``train``, ``l1``, ``measure``.
        wall: seconds from its beginning to its end, loading and saving included.
        seconds: of these, by activity; what another phase spent on a shared ranking is left out.
        images: training images seen, repeats counted.
        waited: seconds of training in which a batch was not ready.

    """

    name: str
    wall: float
    seconds: Mapping[str, float]
    images: int = 0
    waited: float = 0.0


@dataclass
class Ledger:
    """The account of one run; ``started`` is when its clock began."""

    started: float = field(default_factory=perf_counter)
    made: list[Spent] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    shared_rankings: int = 0

    def note(self, name: str, wall: float, meta: Mapping[str, Any]) -> None:
        """Enter a phase that was made, with what it noted in the store."""
        seconds = dict(meta["seconds"])
        self.shared_rankings += seconds.pop("ranking, shared", None) is not None
        images, waited = meta.get("images", 0), meta.get("waited", 0.0)
        self.made.append(Spent(name, wall, seconds, images, waited))

    def close(self) -> Account:
        """Return the account as it stands now."""
        return Account(
            wall=perf_counter() - self.started,
            made=tuple(self.made),
            found=dict(self.found),
            shared_rankings=self.shared_rankings,
            peak_memory=_peak_memory(),
            peak_gpu_memory=peak_gpu_memory(),
        )


@dataclass(frozen=True)
class Account:
    """A closed ledger.

    Attributes:
        wall: seconds of the run.
        found: phases that were in the store, by name.
        shared_rankings: rankings that another reduction had made.
        peak_memory: most bytes the process held at once, 0 where the system does not tell;
            ``peak_gpu_memory`` on a GPU.

    """

    wall: float
    made: tuple[Spent, ...]
    found: Mapping[str, int]
    shared_rankings: int
    peak_memory: int
    peak_gpu_memory: int

    @property
    def harness(self) -> float:
        """Seconds of the run that no phase took."""
        return self.wall - sum(spent.wall for spent in self.made)

    def write(self, path: Path) -> None:
        """Write the account as JSON."""
        document = {**asdict(self), "harness": self.harness}
        write_atomically(path, json.dumps(document, indent=1) + "\n")


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows has none.
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
