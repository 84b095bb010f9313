"""What is left of a run, in a line or two for people: time, disk, and what that rests on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from reidbench.files import free_space
from reidbench.plan import Node
from reidbench.run.forecast import Forecast
from reidbench.text import counted, duration, size_text


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
