"""Where the time of a run went, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tabulate import tabulate

from reidbench.run.timings import PhaseTiming, RunTimings
from reidbench.text import duration, size_text

_CHOOSING = ("ranking", "refitting", "cutting", "recalibration")
_HEADERS = ("phase", "made", "found", "training s", "choosing s", "other s", "images/s", "waiting")


def timings_text(timings: RunTimings) -> str:
    """Return where the time of a run went: by phase and method, and what the harness took."""
    names = list(dict.fromkeys([each.name for each in timings.made] + list(timings.found)))
    rows = [_row(name, timings) for name in names]
    table = tabulate(rows, _HEADERS, colalign=("left",) + ("right",) * 7, disable_numparse=True)
    return f"where the time went: {duration(timings.wall)}\n\n{table}\n\n" + "\n".join(
        _remarks(timings)
    )


def _row(name: str, timings: RunTimings) -> Sequence[str]:
    made = [each for each in timings.made if each.name == name]
    measures = name == "measure"
    training = _sum(made, ("training",))
    # A measurement's ranking is of a gallery, not of channels.
    choosing = 0.0 if measures else _sum(made, _CHOOSING)
    other = sum(each.wall for each in made) - training - choosing
    images, waited = sum(each.images for each in made), sum(each.waited for each in made)
    return (
        name,
        str(len(made)),
        str(timings.found.get(name, 0)),
        _seconds(training),
        _seconds(choosing),
        _seconds(other),
        f"{images / training:.0f}" if training and images else "-",
        f"{waited / training:.1%}" if training and images else "-",
    )


def _sum(made: Iterable[PhaseTiming], activities: Sequence[str]) -> float:
    return sum(each.seconds.get(activity, 0.0) for each in made for activity in activities)


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 0.05 else "-"


def _remarks(timings: RunTimings) -> Iterator[str]:
    share = timings.harness / timings.wall
    yield f"harness (all that no phase took): {timings.harness:.1f} s, {share:.1%} of the run"
    if timings.shared_rankings:
        yield f"rankings that another reduction had made: {timings.shared_rankings}"
    held = ((timings.peak_memory, ""), (timings.peak_gpu_memory, " on the GPU"))
    known = [size_text(size) + where for size, where in held if size]
    if known:
        yield "peak memory: " + ", ".join(known)
    yield (
        "found: made before, by this suite or another\n"
        "waiting: share of training in which a batch was not ready"
    )
