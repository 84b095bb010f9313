"""Measure a regime without test people: ``python -m tests.regime.measure LOG.jsonl --store DIR``.

What is in the log is not measured again, so a run that is stopped goes on where it was. Every line
is one network. With ``--source`` networks learn a drawn classification set first, as in the paper's
scenarios; with ``--suite`` they start from its published weights, on photographs below
``--data-root``. The table of them: ``python -m tests.regime.report LOG.jsonl``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from reidbench.config.protocol import Protocol
from reidbench.plan.components import DATA_ROOT
from reidbench.plugins import Registry
from reidbench.plugins.protocols import find_protocol
from reidbench.run.options import installed_plugins
from tests.regime.bench import Bench, bench_of_suite, make_bench
from tests.regime.cases import QUESTIONS, Case, case_of, cases, pretrained_cases, sourced_cases


def measure(case: Case, bench: Bench) -> dict[str, Any]:
    """Return a case and its scores; torch's number of threads is the case's."""
    torch.set_num_threads(case.threads)
    return {**asdict(case), **bench.scores(bench.network(case)), **bench.names}


def measured(log: Path, bench: Bench) -> set[Case]:
    """Return the cases of the log's lines that are of the bench's backbone and protocol.

    Lines that name neither are of whatever the log is for.
    """
    lines = [json.loads(it) for it in log.read_text().splitlines()] if log.exists() else []
    its = bench.names
    return {case_of(line) for line in lines if its.items() <= {**its, **line}.items()}


def _cases(given: argparse.Namespace, protocol: Protocol) -> Iterator[Case]:
    if given.suite:
        every = pretrained_cases()
    elif given.source:
        every = sourced_cases()
    else:
        every = cases(protocol.budgets.prune.epochs)
    return (case for case in every if not given.question or case.question in given.question)


def _bench(
    given: argparse.Namespace, registry: Registry, protocol: Protocol, threads: int
) -> Bench:
    # Another number of threads makes other numbers, which keys do not know.
    store = given.store / f"threads-{threads}"
    if given.suite:
        return bench_of_suite(registry, given.suite, given.data_root, store)
    names = (given.data, given.backbone, store, given.source)
    return make_bench(registry, protocol, *names)


DRAWN = {"protocol": "mini/2", "data": "synthped-crowd", "backbone": "resnet18-x0-5"}
"""What is measured unless something else is said; a suite says all of it."""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for, on the command line by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--store", type=Path, required=True, help="a folder for networks")
    parser.add_argument("--suite", type=Path, help="one on photographs, with its rules")
    parser.add_argument("--data-root", type=Path, default=DATA_ROOT, help="where photographs are")
    parser.add_argument("--source", help="a drawn classification set to learn first")
    for name, usual in DRAWN.items():
        parser.add_argument(f"--{name}", help=f"default: {usual}")
    parser.add_argument(
        "--question", action="append", choices=QUESTIONS, help="only its cases; may be repeated"
    )
    asked = parser.parse_args(given)
    said = [name for name in (*DRAWN, "source") if getattr(asked, name) is not None]
    if asked.suite and said:
        parser.error(f"--{said[0]} is said by the suite: leave it out")
    for name, usual in DRAWN.items():
        setattr(asked, name, getattr(asked, name) or usual)
    return asked


def main() -> None:
    """Measure what the log lacks."""
    given = arguments()
    registry = installed_plugins((), print)
    protocol = find_protocol(given.protocol, registry, Path())
    bench = cache(partial(_bench, given, registry, protocol))
    for case in _cases(given, protocol):
        if case in measured(given.log, bench(case.threads)):
            continue
        line = json.dumps(measure(case, bench(case.threads)))
        print(line, flush=True)
        with given.log.open("a") as log:
            log.write(line + "\n")


if __name__ == "__main__":
    main()
