"""Tries one network after the other in a process of its own; each result is a line of JSON.

python -m tests.coverage_report.examine FILE KEY...
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import nn

from reidbench import Pruned, prune
from reidbench.engine.channels import (
    ChannelGraph,
    ImpossibleReduction,
    Scope,
    ScopeError,
    highest_reduction,
)
from reidbench.engine.deployment.verify import VerificationError
from reidbench.errors import ReidbenchError, one_line
from tests.coverage_report.architectures import Architecture, by_key
from tests.coverage_report.counting import torch_counts
from tests.coverage_report.report import LEAST, PEERS

REDUCTION = 0.5
ROUND_TO = 8
MIN_KEEP = 0.05
MEMORY = 10 * 2**30
"""Bytes that a process may ask for: a network that wants more is a row, not the machine's end."""

Row: TypeAlias = dict[str, Any]
Size: TypeAlias = tuple[int, int, int]


@dataclass(eq=False)
class Seen:
    """What ``prune`` knew of a network before it ranked anything: its graph, and CPU seconds."""

    graph: ChannelGraph | None = None
    seconds: float = 0.0

    def figures(self) -> Row:
        """Return what is known of the network, or nothing."""
        if self.graph is None:
            return {}
        return {
            "capture": round(self.seconds, 2),
            "macs": self.graph.macs.total(),
            "inner": self.highest("inner"),
            "all": self.highest("all"),
        }

    def highest(self, scope: Scope) -> float:
        """Return the share of MACs that can go in a scope."""
        assert self.graph is not None
        try:
            return round(highest_reduction(self.graph, scope, MIN_KEEP, ROUND_TO), 4)
        except ScopeError:
            return 0.0

    def kept(self) -> str:
        """Return what keeps most channels."""
        assert self.graph is not None
        kept = [group for group in self.graph.groups if group.producers and not group.prunable]
        reasons = [
            (re.sub(r" in module '.*'", "", why), group.size)
            for group in kept
            for why in dict.fromkeys(group.kept_by)
        ]
        channels: Counter[str] = Counter()
        for why, size in reasons:
            channels[why] += size
        most = channels.most_common(1)
        return f"{most[0][0]} keeps most of its channels" if most else "no layer makes channels"


def main() -> None:
    """Try the networks that are named."""
    file, *keys = sys.argv[1:]
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    known = by_key()
    for key in keys:
        peer, _, name = key.partition("/")
        if peer == PEERS:
            from tests.coverage_report.peers import compared

            row = compared(name)
        else:
            row = examined(known[key])
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")


def examined(architecture: Architecture) -> Row:
    """Return what came of a network: its verdict, and what was measured up to there."""
    torch.manual_seed(0)
    started = time.process_time()
    row: Row = {"source": architecture.source, "name": architecture.name}
    seen = Seen()
    try:
        network = architecture.build().eval()
        size, counted = _runs(network, architecture.sizes)
        row |= {"size": size}
        with _watching(seen):
            row |= tried(network, size, seen)
        if seen.figures()["macs"] != counted:
            row |= {"verdict": "wrong", "reason": f"torch counts {counted} multiply-accumulates"}
    except Exception as error:
        row |= seen.figures() | _failed(error)
    return row | {"seconds": round(time.process_time() - started, 1)}


def tried(network: nn.Module, size: Size, seen: Seen) -> Row:
    """Return verdict and figures of a network, pruned as far as half its MACs."""
    asked = REDUCTION
    try:
        pruned = _pruned(network, size, asked)
    except ScopeError:
        return {**seen.figures(), "verdict": "nothing to remove", "reason": seen.kept()}
    except ImpossibleReduction:
        asked = int(100 * seen.highest("all")) / 100
        if asked < LEAST:
            return {**seen.figures(), "verdict": "nothing to remove", "reason": seen.kept()}
        pruned = _pruned(network, size, asked)
    row = {
        **seen.figures(),
        "asked": asked,
        "reached": round(pruned.report.achieved, 4),
        "difference": pruned.report.difference,
        # The cut in scope all takes channels of every inner group too: one proof holds for both.
        "verdict": "inner + all" if seen.highest("inner") >= LEAST else "all only",
        "reason": seen.kept() if asked < REDUCTION else "",
    }
    found = torch_counts(pruned.network.eval(), size)
    if found != pruned.report.macs:
        promised = pruned.report.macs
        row |= {"verdict": "wrong", "reason": f"{found} MACs are left, {promised} were promised"}
    return row


def _pruned(network: nn.Module, size: Size, reduction: float) -> Pruned:
    return prune(network, size=size, reduction=reduction, round_to=ROUND_TO, min_keep=MIN_KEEP)


def _failed(error: Exception) -> Row:
    if isinstance(error, VerificationError):
        return {"verdict": "wrong", "reason": one_line(error)}
    if isinstance(error, ReidbenchError):
        return {"verdict": "refused", "reason": one_line(error)}
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return {
        "verdict": "crash",
        "reason": f"{type(error).__name__} at {place}: {one_line(error)}"[:400],
    }


def _runs(network: nn.Module, sizes: tuple[Size, ...]) -> tuple[Size, int]:
    """Return the first size on which a network runs, and the MACs that torch counts there."""
    for size in sizes[:-1]:
        with suppress(Exception):
            return size, torch_counts(network, size)
    return sizes[-1], torch_counts(network, sizes[-1])


@contextmanager
def _watching(seen: Seen) -> Iterator[None]:
    """Note the graph that ``prune`` makes, and how long it took, and give it the same again."""
    home: Any = import_module("reidbench.engine.deployment.prune")
    prove = home.proven

    def noted(*given: Any, **named: Any) -> ChannelGraph:
        if seen.graph is None:
            started = time.process_time()
            seen.graph = prove(*given, **named)
            seen.seconds = time.process_time() - started
        assert seen.graph is not None
        return seen.graph

    home.proven = noted
    try:
        yield
    finally:
        home.proven = prove


if __name__ == "__main__":
    main()
