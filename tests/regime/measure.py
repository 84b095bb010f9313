"""Measure a regime without test people: ``python -m tests.regime.measure LOG.jsonl --store DIR``.

What is in the log is not measured again, so a run that is stopped goes on where it was. Every line
is one network. The table of them: ``python -m tests.regime.report LOG.jsonl``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from reidbench.plugins.protocols import find_protocol
from reidbench.run.options import installed_plugins
from tests.regime.bench import Bench, make_bench, variant

SEEDS = (0, 1, 2, 3, 4)
CURVE_EPOCHS = (2, 5, 10, 20)
CURVE_METHODS = ("l1", "taylor", "slimming", "psfp", "thinet")
REDUCTIONS = (0.5, 0.75)


@dataclass(frozen=True)
class Case:
    """One network to measure.

    ``question`` is which line of docs/protocols.md it answers; ``train`` and ``prune`` multiply
    the protocol's epochs; ``method`` is None for the base network.
    """

    question: str
    method: str | None = None
    reduction: float = 0.0
    seed: int = 0
    train: float = 1.0
    prune: float = 1.0
    threads: int = 1


def cases(prune_epochs: float) -> Iterator[Case]:
    """Yield every case, the most telling ones first."""
    yield Case("base")
    yield Case("base", train=1.5)
    yield Case("base", method="dense")
    for reduction in REDUCTIONS:
        yield Case("scratch-b", method="scratch-b", reduction=reduction)
    for seed in SEEDS:
        yield Case("seeds", seed=seed)
        yield Case("seeds", method="l1", reduction=0.5, seed=seed)
    yield Case("threads", threads=2)
    yield Case("threads", method="l1", reduction=0.5, threads=2)
    for epochs in CURVE_EPOCHS:
        for reduction in REDUCTIONS:
            for method in CURVE_METHODS:
                yield Case("curve", method, reduction, prune=epochs / prune_epochs)


def measure(case: Case, bench: Bench) -> dict[str, object]:
    """Return a case and its scores; torch's number of threads is the case's."""
    torch.set_num_threads(case.threads)
    if case.method is None:
        network = bench.trained(case.seed, variant(bench.protocol, train=case.train))
    else:
        rules = variant(bench.protocol, prune=case.prune)
        network = bench.pruned(case.method, case.reduction, case.seed, rules)
    return {**asdict(case), **bench.scores(network)}


def main() -> None:
    """Measure what the log lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--store", type=Path, required=True, help="a folder for networks")
    parser.add_argument("--protocol", default="mini/2")
    parser.add_argument("--data", default="synthped-crowd")
    parser.add_argument("--backbone", default="resnet18-x0-5")
    given = parser.parse_args()
    registry = installed_plugins((), print)
    protocol = find_protocol(given.protocol, registry, Path())
    lines = given.log.read_text().splitlines() if given.log.exists() else []
    known = [json.loads(line) for line in lines]
    for case in cases(protocol.budgets.prune.epochs):
        if any(asdict(case).items() <= line.items() for line in known):
            continue
        # Another number of threads makes other numbers, which keys do not know.
        store = given.store / f"threads-{case.threads}"
        bench = make_bench(registry, protocol, given.data, given.backbone, store)
        line = json.dumps(measure(case, bench))
        print(line, flush=True)
        with given.log.open("a") as log:
            log.write(line + "\n")


if __name__ == "__main__":
    main()
