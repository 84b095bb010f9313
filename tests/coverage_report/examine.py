"""Tries one network after the other in a process of its own; each result is a line of JSON.

python -m tests.coverage_report.examine FILE KEY...
"""

from __future__ import annotations

import json
import random
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from reidbench import prune
from reidbench.engine.channels import (
    ChannelGraph,
    Scope,
    ScopeError,
    highest_reduction,
    proven,
    solve,
)
from reidbench.engine.deployment.verify import VerificationError, verified_difference
from reidbench.errors import ReidbenchError, one_line
from tests.coverage_report.architectures import Architecture, architectures

REDUCTION = 0.5
ROUND_TO = 8
MIN_KEEP = 0.05
LEAST = 0.05
"""The share of MACs below which there is nothing worth removing in a scope."""

Size: TypeAlias = tuple[int, int, int]


def main() -> None:
    """Try the networks that are named."""
    file, *keys = sys.argv[1:]
    torch.set_num_threads(1)
    known = {architecture.key: architecture for architecture in architectures()}
    for key in keys:
        row = examined(known[key])
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")


def examined(architecture: Architecture) -> dict[str, Any]:
    """Return what came of a network: its verdict, and what was measured up to there."""
    torch.manual_seed(0)
    started = time.perf_counter()
    row: dict[str, Any] = {"source": architecture.source, "name": architecture.name}
    try:
        network = architecture.build().eval()
        size, counted = _runs(network, architecture.sizes)
        row |= {"size": size}
        row |= tried(network, size, counted)
    except VerificationError as error:
        row |= {"verdict": "wrong", "reason": one_line(error)}
    except ReidbenchError as error:
        row |= {"verdict": "refused", "reason": one_line(error)}
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        row |= {
            "verdict": "crash",
            "reason": f"{type(error).__name__} at {place}: {one_line(error)}"[:400],
            "traceback": traceback.format_exc()[-3000:],
        }
    return row | {"seconds": round(time.perf_counter() - started, 1)}


def tried(network: nn.Module, size: Size, counted: int) -> dict[str, Any]:
    """Return verdict and figures of a network of which torch counts ``counted`` MACs."""
    started = time.process_time()
    graph = proven(network, size)
    row: dict[str, Any] = {
        "capture": round(time.process_time() - started, 2),
        "macs": graph.macs.total(),
        "inner": _highest(graph, "inner"),
        "all": _highest(graph, "all"),
    }
    if graph.macs.total() != counted:
        return row | {"verdict": "wrong", "reason": f"torch counts {counted} multiply-accumulates"}
    if row["all"] < LEAST:
        return row | {"verdict": "nothing to remove", "reason": _kept(graph)}
    row |= _cut(network, size, row["all"])
    if row["inner"] >= LEAST:
        row["inner difference"] = _cut_inside(network, graph, row["inner"])
    verdict = "inner + all" if row["inner"] >= LEAST else "all only"
    return row | {"verdict": row.pop("fault", verdict)}


def _runs(network: nn.Module, sizes: tuple[Size, ...]) -> tuple[Size, int]:
    """Return the first size on which a network runs, and the MACs that torch counts there."""
    for size in sizes[:-1]:
        with suppress(Exception):
            return size, torch_counts(network, size)
    return sizes[-1], torch_counts(network, sizes[-1])


def torch_counts(network: nn.Module, size: Size) -> int:
    """Return the MACs that torch's own counter sees when the network runs on one image."""
    counter = FlopCounterMode(display=False)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it hides what it multiplies
    try:
        with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            network(torch.randn(1, *size))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return int(counter.get_total_flops()) // 2


def _highest(graph: ChannelGraph, scope: Scope) -> float:
    try:
        return round(highest_reduction(graph, scope, MIN_KEEP, ROUND_TO), 4)
    except ScopeError:
        return 0.0


def _cut(network: nn.Module, size: Size, highest: float) -> dict[str, Any]:
    """Prune a copy by the public function, which captures it again; torch counts what is left."""
    asked = min(REDUCTION, int(100 * highest) / 100)
    pruned = prune(network, size=size, reduction=asked, round_to=ROUND_TO, min_keep=MIN_KEEP)
    found = torch_counts(pruned.network.eval(), size)
    row: dict[str, Any] = {
        "asked": asked,
        "reached": round(pruned.report.achieved, 4),
        "difference": pruned.report.difference,
    }
    if found != pruned.report.macs:
        promised = pruned.report.macs
        row |= {"fault": "wrong", "reason": f"{found} MACs are left, {promised} were promised"}
    return row


def _cut_inside(network: nn.Module, graph: ChannelGraph, highest: float) -> float:
    """Return how far a copy, cut at random inside its blocks, is from the masked network."""
    draws = random.Random(0)
    scores = {g.name: [draws.random() for _ in range(g.size)] for g in graph.in_scope("inner")}
    asked = min(REDUCTION, int(100 * highest) / 100)
    plan = solve(
        graph,
        scores,
        reduction=asked,
        allocation="uniform",
        scope="inner",
        min_keep=MIN_KEEP,
        round_to=ROUND_TO,
    )
    return verified_difference(network, graph, plan)


def _kept(graph: ChannelGraph) -> str:
    reasons = [why for group in graph.groups for why in group.kept_by]
    return max(dict.fromkeys(reasons), key=reasons.count, default="no layer makes channels")


if __name__ == "__main__":
    main()
