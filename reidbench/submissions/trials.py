"""What every single result of a submission must satisfy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reidbench.config.protocol import Protocol, ProtocolError, load_protocol
from reidbench.plan import ENGINE
from reidbench.results import Metrics, Result
from reidbench.submissions.costs import cost_at, model_of
from reidbench.submissions.finding import Finding, shown
from reidbench.submissions.lines import Line

NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9-][A-Za-z0-9 ._+=,():-]{0,79}")
KEY = re.compile(r"[0-9a-f]{16}")
CLOSE = 1e-6
AGAIN = "run the trial again, and pack what the run wrote"


def trial_findings(line: Line) -> Iterator[Finding]:
    """Yield what is wrong with one result, whatever the others are."""
    yield from _names(line)
    yield from _rules(line)
    result = line.result
    if result.scores:
        for stage in ("base", "before_retraining", "final"):
            metrics = getattr(result.scores, stage)
            if metrics is not None:
                yield from _metrics(line, f"scores.{stage}", metrics)
        yield from _queries(line)
    if result.status == "done" and result.error is not None:
        yield line.finding("error", "an error of a trial that is done", AGAIN)
    yield from _cost(line)
    yield from _phases(line)
    if result.status != "not applicable":
        yield from _provenance(line)


def _names(line: Line) -> Iterator[Finding]:
    result, trial = line.result, line.result.trial
    texts = {
        **{f"trial.{it}": getattr(trial, it) for it in ("scenario", "backbone", "target")},
        **{f"trial.{it}": getattr(trial, it) for it in ("method", "strategy", "allocation")},
        "trial.source": trial.source or "none",
        "suite": result.suite,
    }
    for role, component in result.components.items():
        for part in ("name", "version", "distribution"):
            texts[f"components.{role}.{part}"] = getattr(component, part)
    for name, text in texts.items():
        if not NAME.fullmatch(text):
            why = f"{shown(text)} is no name"
            yield line.finding(name, why, "use letters, digits, blanks and ._+=,():-")
    if not KEY.fullmatch(result.key):
        yield line.finding("key", f"{shown(result.key)} is no key", AGAIN)
    for role in {"method", "backbone", "target"} - result.components.keys():
        yield line.finding(f"components.{role}", "missing", AGAIN)
    named = {"method": trial.method, "backbone": trial.backbone, "target": trial.target}
    for role, text in named.items():
        its = result.components.get(role)
        if its and text.split("(")[0] != its.name:
            yield line.finding(f"trial.{role}", f"is not the component {shown(its.name)}", AGAIN)


def _rules(line: Line) -> Iterator[Finding]:
    result = line.result
    protocol = published(result)
    if protocol is None:
        named = shown(result.protocol.get("name"))
        why = f"the digest is not that of a published protocol {named}"
        yield line.finding("protocol", why, "run under a published one: 'reidbench protocols'")
    elif result.tolerance != protocol.pruning.tolerance:
        why = f"is {result.tolerance}, the protocol's is {protocol.pruning.tolerance}"
        yield line.finding("tolerance", why, AGAIN)
    if result.engine != ENGINE:
        why = f"is {result.engine}, published tables are of engine {ENGINE}"
        yield line.finding("engine", why, "run the suite with this reidbench")
    if result.division != "closed":
        yield line.finding("division", "only the closed division is published", AGAIN)


def published(result: Result) -> Protocol | None:
    """Return the published protocol of a result, None if its digest is of none."""
    protocol = _protocol(result.protocol.get("name", ""))
    return protocol if protocol and result.protocol == protocol.identity() else None


@cache
def _protocol(name: str) -> Protocol | None:
    try:
        return load_protocol(name)
    except ProtocolError:
        return None


def _metrics(line: Line, name: str, metrics: Metrics) -> Iterator[Finding]:
    shares: Mapping[str, float] = metrics.model_dump(exclude={"valid_queries", "excluded_queries"})
    for metric, value in shares.items():
        if not 0 <= value <= 1:
            yield line.finding(f"{name}.{metric}", f"{shown(value)} is outside 0 to 1", AGAIN)
    count = metrics.valid_queries
    if count < 1 or metrics.excluded_queries < 0:
        yield line.finding(f"{name}.valid_queries", "not a number of queries", AGAIN)
        return
    for metric in ("rank1", "rank5", "rank10"):
        hits = shares[metric] * count
        if abs(hits - round(hits)) > CLOSE * count:
            why = f"times {count} queries is not whole ({hits:.6g})"
            yield line.finding(f"{name}.{metric}", why, AGAIN)
    if not metrics.rank1 <= metrics.rank5 <= metrics.rank10:
        yield line.finding(f"{name}.rank5", "rank-1 <= rank-5 <= rank-10 does not hold", AGAIN)
    if metrics.mAP_trapezoid > metrics.mAP + CLOSE:
        yield line.finding(f"{name}.mAP_trapezoid", "is above the mAP", AGAIN)
    # A hit at rank r, the k-th, adds (r - k) / (2 r (r - 1)) to the difference of the two: at most
    # 1/4 for a first hit below rank 1, and 0.0445 on average over the others.
    if metrics.mAP - metrics.mAP_trapezoid > 0.25 * (1 - metrics.rank1) + 0.0445 + CLOSE:
        why = "is further below the mAP than any ranking gives"
        yield line.finding(f"{name}.mAP_trapezoid", why, AGAIN)


def _queries(line: Line) -> Iterator[Finding]:
    result = line.result
    if result.per_query is None or result.scores is None:
        return
    values = [it for it in result.per_query.average_precision if it is not None]
    if any(not 0 <= value <= 1 for value in values):
        why = "a query's average precision is outside 0 to 1"
        yield line.finding("per_query.average_precision", why, AGAIN)
    ranks = [it for it in result.per_query.first_match or [] if it is not None]
    if any(rank < 1 for rank in ranks):
        yield line.finding("per_query.first_match", "a rank below 1", AGAIN)
    counts = {
        (it.valid_queries, it.excluded_queries)
        for it in (result.scores.base, result.scores.before_retraining, result.scores.final)
        if it
    }
    if len(counts) > 1:
        yield line.finding("scores", "its parts are of different queries", AGAIN)


def _cost(line: Line) -> Iterator[Finding]:
    result, cost, widths = line.result, line.result.cost, line.result.widths
    if result.status == "done" and not widths:
        yield line.finding("widths", "missing", AGAIN)
    if cost is None or not widths:
        return
    protocol, backbone = published(result), result.components.get("backbone")
    if protocol is None or backbone is None:
        return
    model = model_of(backbone.name, backbone.version, protocol.input.size)
    if model is None or result.trial.backbone != backbone.name:
        why = f"no cost model of {shown(result.trial.backbone)} is published"
        yield line.finding("cost", why, "a maintainer counts it from the code", look=True)
        return
    groups = model["groups"]
    if {name: width.size for name, width in widths.items()} != groups:
        yield line.finding("widths", f"not the groups of {backbone.name}", AGAIN)
        return
    kept = {name: width.kept for name, width in widths.items()}
    for name, width in kept.items():
        if not 1 <= width <= groups[name]:
            why = f"{width} of {groups[name]} channels"
            yield line.finding(f"widths.{name}.kept", why, AGAIN)
            return
    found = (cost.macs, cost.parameters, cost.dense_macs, cost.dense_parameters)
    told = (*cost_at(model, kept), *cost_at(model, groups))
    names = ("macs", "parameters", "dense_macs", "dense_parameters")
    for name, given, counted in zip(names, found, told, strict=True):
        if given != counted:
            why = f"is {given}, the widths give {counted}"
            yield line.finding(f"cost.{name}", why, AGAIN)


def _phases(line: Line) -> Iterator[Finding]:
    result = line.result
    if result.status == "done" and not result.phases:
        yield line.finding("phases", "missing", AGAIN)
    for index, phase in enumerate(result.phases):
        name = f"phases.{index}"
        if not KEY.fullmatch(phase.key):
            yield line.finding(f"{name}.key", f"{shown(phase.key)} is no key", AGAIN)
        if phase.kind not in ("load", "train", "prune"):
            yield line.finding(f"{name}.kind", f"{shown(phase.kind)} is no kind of phase", AGAIN)
        if not NAME.fullmatch(phase.on):
            yield line.finding(f"{name}.on", f"{shown(phase.on)} is no name", AGAIN)
        numbers = {"epochs": phase.epochs, "steps": phase.steps, **phase.seconds}
        for what, value in numbers.items():
            if not 0 <= value <= 1e8:
                why = f"{shown(value)} is not between 0 and 1e8"
                yield line.finding(f"{name}.{what}", why, AGAIN)


_RECORDED = (
    ("reidbench", str), ("python", str), ("platform", str), ("utc", str), ("device", str),
    ("packages.torch", str), ("packages.numpy", str), ("hardware.cpu", str),
    ("hardware.cores", int), ("hardware.threads", int),
)  # fmt: skip


def _provenance(line: Line) -> Iterator[Finding]:
    given = line.result.provenance
    for path, kind in _RECORDED:
        if not isinstance(_at(given, path), kind):
            yield line.finding(f"provenance.{path}", "missing", AGAIN)
    for path, why in marked_texts(given, "provenance"):
        yield line.finding(path, why, AGAIN)
    commit = _at(given, "git.commit")
    if "git" in given and not (isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{40}", commit)):
        yield line.finding("provenance.git.commit", "not a commit", AGAIN)
    if _at(given, "git.dirty") is True:
        why = "made with uncommitted changes"
        yield line.finding("provenance.git.dirty", why, "run from a clean checkout or a release")


def marked_texts(document: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text that holds signs of HTML or Markdown: its place, and what is wrong."""
    for where, text in _texts(document, path):
        if set("<>`|\n") & set(text):
            yield where, f"{shown(text)} holds one of < > ` |"


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list):
        for name, item in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _texts(item, f"{path}.{name}".removeprefix("."))
