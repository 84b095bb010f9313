"""What the results of a submission must satisfy together: the suite's, each seed, one machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from json import dumps
from math import isclose
from typing import Any

from reidbench.config.suite import Suite
from reidbench.results import PACK, Result
from reidbench.submissions.finding import Finding, shown
from reidbench.submissions.lines import Line
from reidbench.submissions.trials import AGAIN

ANCHORS = ("dense", "random", "l1")
"""Rows by which machines are compared: every submission has its own."""
NONE = "none"


def suite_findings(lines: Sequence[Line], suite: Suite) -> Iterator[Finding]:
    """Yield where results are not those that the suite asks for, each seed once."""
    listed: dict[str, set[Any]] = {
        "suite": {suite.name},
        "trial.scenario": set(suite.scenarios),
        "trial.backbone": {spec.backbone for spec in suite.backbones},
        "trial.method": {spec.method for spec in suite.methods},
        "trial.target": {spec.dataset for spec in suite.targets},
        "trial.reduction": {0.0, *suite.reductions},
        "trial.seed": set(suite.seeds),
    }
    for line in lines:
        trial = line.result.trial
        values = {f"trial.{name}": value for name, value in trial.model_dump().items()}
        values |= {
            "suite": line.result.suite,
            **{f"trial.{it}": values[f"trial.{it}"].split("(")[0] for it in _WITH_OPTIONS},
        }
        for name, known in listed.items():
            if values[name] not in known:
                why = f"{shown(values[name])} is not the suite's"
                yield line.finding(name, why, f"expected one of {shown(sorted(known))}")
        if line.result.protocol.get("name") != suite.protocol:
            yield line.finding("protocol.name", f"the suite's is {suite.protocol}", AGAIN)
    yield from _seeds(lines, suite)


_WITH_OPTIONS = ("backbone", "method", "target")
"""Fields that name a component and, in brackets, its options."""


def _seeds(lines: Sequence[Line], suite: Suite) -> Iterator[Finding]:
    rows: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        result = line.result
        rows[result.trial.model_copy(update={"seed": 0}), result.engine].append(line)
    for row in rows.values():
        found = sorted(line.result.trial.seed for line in row)
        if found != sorted(suite.seeds):
            why = f"the seeds of this row are {shown(found)}, the suite's {sorted(suite.seeds)}"
            yield row[-1].finding("trial.seed", why, "give every seed of the suite, once")


def phase_findings(lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield where phases contradict the seeds: trials of one seed share their base network."""
    seeds: dict[str, int] = {}
    bases: dict[Hashable, str] = {}
    for line in lines:
        result = line.result
        for index, phase in enumerate(result.phases):
            if seeds.setdefault(phase.key, result.trial.seed) != result.trial.seed:
                why = f"seed {seeds[phase.key]} has this phase too"
                yield line.finding(f"phases.{index}.key", why, AGAIN)
        first = result.phases[0] if result.phases else None
        if first and first.kind == "train":
            base = _base(result)
            if bases.setdefault(base, first.key) != first.key:
                why = "other trials of this seed begin with another network"
                yield line.finding("phases.0.key", why, AGAIN)


def _base(result: Result) -> Hashable:
    trial, first = result.trial, result.phases[0]
    data = trial.target if trial.source is None or first.on == trial.target else trial.source
    return trial.backbone, data, first.on, first.epochs, trial.seed


def machine_findings(lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield where results were made otherwise than most: anchors must be of one machine."""
    ran = [line for line in lines if line.result.status != "not applicable"]
    for name in ("reidbench", "hardware", "packages", "device"):
        alike: dict[str, list[Line]] = defaultdict(list)
        for line in ran:
            alike[dumps(line.result.provenance.get(name), sort_keys=True)].append(line)
        most = max(alike.values(), key=len, default=[])
        for line in ran:
            own, other = (it.result.provenance.get(name) for it in (line, most[0]))
            if own != other:
                why = f"differs from line {most[0].number}{_in_what(own, other)}"
                remedy = "run the whole suite on one machine with one installation"
                yield line.finding(f"provenance.{name}", why, remedy, look=name == "packages")


def _in_what(own: Any, other: Any) -> str:
    """Name what differs between two sets of facts, each with its value here and there."""
    if not (isinstance(own, Mapping) and isinstance(other, Mapping)):
        return ""
    names = sorted(it for it in own.keys() | other.keys() if own.get(it) != other.get(it))
    each = (f"{it} ({own.get(it, NONE)} here, {other.get(it, NONE)} there)" for it in names)
    return f": {shown(', '.join(each))[1:-1]}"


def anchor_findings(lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield which anchors are missing, by table."""
    tables: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for line in lines:
        trial = line.result.trial
        table = (trial.scenario, trial.backbone, trial.source or "", trial.target)
        if line.result.status == "done":
            tables[table].add(trial.method.split("(")[0])
    whole = [methods for methods in tables.values() if methods != {"dense"}]
    for methods in whole or [set[str]()]:
        for name in ANCHORS:
            if name not in methods:
                why = f"no results of '{name}', by which machines are compared"
                yield Finding(PACK, 0, "trial.method", why, "add it to the suite and run it")


def budget_findings(lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield which rows train longer or shorter than the dense network of their table.

    Controls may: that is what some of them are for, and they are not ranked then.
    """
    dense: dict[Hashable, dict[str, float]] = {}
    for line in lines:
        if line.result.trial.method == "dense" and line.result.status == "done":
            dense.setdefault(_table(line.result), _epochs(line.result))
    for line in lines:
        result = line.result
        budget = dense.get(_table(result))
        if budget is None or result.trial.control or result.status != "done":
            continue
        own = _epochs(result)
        for data in budget.keys() | own.keys():
            given, asked = own.get(data, 0.0), budget.get(data, 0.0)
            if not isclose(given, asked):
                why = f"{given:g} epochs on {shown(data)}, the dense network has {asked:g}"
                yield line.finding("phases", why, AGAIN)


def _table(result: Result) -> Hashable:
    trial = result.trial
    return trial.scenario, trial.backbone, trial.source, trial.target


def _epochs(result: Result) -> dict[str, float]:
    budget: dict[str, float] = defaultdict(float)
    for phase in result.phases:
        budget[phase.on] += phase.epochs
    return dict(budget)
