"""The timings of a run: every phase that was made, by activity, and how many were found made."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from reidbench.files import write_atomically
from reidbench.plan import Trial
from reidbench.run.labels import timing_name
from reidbench.store import Store


@dataclass(frozen=True)
class PhaseTiming:
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


@dataclass(frozen=True)
class RunTimings:
    """The timings of a run that ended.

    Attributes:
        wall: seconds of the run.
        found: phases that were in the store, by name.
        shared_rankings: rankings that a phase of another reduction had computed.
        peak_memory: most bytes the process held at once, 0 where the system does not report it;
            ``peak_gpu_memory`` on a GPU. Of workers, that which held most.
        workers: phases that could run at a time.

    """

    wall: float
    made: tuple[PhaseTiming, ...]
    found: Mapping[str, int]
    shared_rankings: int
    peak_memory: int
    peak_gpu_memory: int
    workers: int = 1

    @property
    def harness(self) -> float:
        """Seconds of the run that no phase took; of several workers, the mean."""
        return self.wall - sum(timing.wall for timing in self.made) / self.workers

    def write(self, path: Path) -> None:
        """Write the timings as JSON."""
        document = {**asdict(self), "harness": self.harness}
        write_atomically(path, json.dumps(document, indent=1) + "\n")


@dataclass
class TimingsRecorder:
    """Records the timings of a run; ``started`` is when its clock began."""

    started: float = field(default_factory=perf_counter)
    made: list[PhaseTiming] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    shared_rankings: int = 0
    workers: int = 1
    memory: int = 0
    gpu_memory: int = 0
    """Most bytes that a worker process held, on the machine and on its GPU."""

    def count_found(self, trials: Iterable[Trial], store: Store) -> None:
        """Record what is in the store before anything is run."""
        names = {node.key: timing_name(node, trial) for trial in trials for node in trial.nodes}
        self.found.update(name for key, name in names.items() if store.has(key))

    def record(self, name: str, wall: float, meta: Mapping[str, Any]) -> None:
        """Add a phase that was made, with what it noted in the store."""
        seconds = dict(meta["seconds"])
        self.shared_rankings += seconds.pop("ranking, shared", None) is not None
        images, waited = meta.get("images", 0), meta.get("waited", 0.0)
        self.made.append(PhaseTiming(name, wall, seconds, images, waited))

    def record_with_images(
        self, name: str, wall: float, meta: Mapping[str, Any], decoded: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add a phase, and beside it the images that were decoded for it, given by their notes."""
        for notes in decoded:
            self.record("decode images", notes["wall"], notes)
        self.record(name, wall - sum(notes["wall"] for notes in decoded), meta)

    def note_memory(self, memory: int, gpu_memory: int) -> None:
        """Note the most bytes that a worker has held."""
        self.memory = max(self.memory, memory)
        self.gpu_memory = max(self.gpu_memory, gpu_memory)

    def timings(self, peak_gpu_memory: int = 0) -> RunTimings:
        """Return the timings up to now."""
        return RunTimings(
            wall=perf_counter() - self.started,
            made=tuple(self.made),
            found=dict(self.found),
            shared_rankings=self.shared_rankings,
            peak_memory=max(peak_memory(), self.memory),
            peak_gpu_memory=max(peak_gpu_memory, self.gpu_memory),
            workers=self.workers,
        )


def peak_memory() -> int:
    """Return the most bytes that this process has held at once; 0 where that is not reported."""
    try:
        import resource
    except ImportError:  # Windows has none.
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
