"""What a run will cost, and what it did, for the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from reidbench.files import free_space
from reidbench.plan import Node
from reidbench.run.forecast import Forecast
from reidbench.text import counted, duration, size_text

if TYPE_CHECKING:
    from reidbench.run.timings import Account, Spent

_CHOOSING = ("ranking", "refitting", "cutting", "recalibration")
_HEADERS = ("phase", "made", "found", "training s", "choosing s", "other s", "images/s", "waiting")


def forecast_text(expected: Forecast, nodes: Collection[Node], store: Path) -> str:
    """Return what nodes will take, by what; empty if nothing was measured or is left.

    A second line warns of a disk that has no room for what ``store`` will hold.
    """
    seconds, unknown = expected.total(nodes)
    if not expected.phases or unknown == len(nodes):
        return ""
    size = expected.size(nodes)
    needed = f" and {size_text(size)} to keep" if size else ""
    measured = counted(expected.phases, "phase")
    beside = f"; {unknown} more unknown" if unknown else ""
    text = f"about {duration(seconds)} to go{needed}, by {measured} on {expected.where}{beside}"
    return text if size <= (free := free_space(store)) else f"{text}\n{_crowded(store, free)}"


def _crowded(store: Path, free: int) -> str:
    return (
        f"warning: only {size_text(free)} are free for {store}; 'reidbench store prune' makes room"
    )


def costs_text(account: Account) -> str:
    """Return where the time of a run went: by phase and method, and what the harness took."""
    names = list(dict.fromkeys([spent.name for spent in account.made] + list(account.found)))
    rows = [_row(name, account) for name in names]
    table = tabulate(rows, _HEADERS, colalign=("left",) + ("right",) * 7, disable_numparse=True)
    return f"where the time went: {duration(account.wall)}\n\n{table}\n\n" + "\n".join(
        _remarks(account)
    )


def _row(name: str, account: Account) -> Sequence[str]:
    spent = [one for one in account.made if one.name == name]
    measures = name == "measure"
    training = _sum(spent, ("training",))
    # A measurement's ranking is of a gallery, not of channels.
    choosing = 0.0 if measures else _sum(spent, _CHOOSING)
    other = sum(one.wall for one in spent) - training - choosing
    images, waited = sum(one.images for one in spent), sum(one.waited for one in spent)
    return (
        name,
        str(len(spent)),
        str(account.found.get(name, 0)),
        _seconds(training),
        _seconds(choosing),
        _seconds(other),
        f"{images / training:.0f}" if training and images else "-",
        f"{waited / training:.1%}" if training and images else "-",
    )


def _sum(spent: Iterable[Spent], activities: Sequence[str]) -> float:
    return sum(one.seconds.get(activity, 0.0) for one in spent for activity in activities)


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 0.05 else "-"


def _remarks(account: Account) -> Iterator[str]:
    share = account.harness / account.wall
    yield f"harness (all that no phase took): {account.harness:.1f} s, {share:.1%} of the run"
    if account.shared_rankings:
        yield f"rankings that another reduction had made: {account.shared_rankings}"
    held = ((account.peak_memory, ""), (account.peak_gpu_memory, " on the GPU"))
    known = [size_text(size) + where for size, where in held if size]
    if known:
        yield "peak memory: " + ", ".join(known)
    yield (
        "found: made before, by this suite or another\n"
        "waiting: share of training in which a batch was not ready"
    )
