"""The timings of a submission: of its own networks, possible, and with the verdicts they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import isclose
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reidbench.leaderboard.latency_file import DENSE, WIDE, Latency, Timing
from reidbench.results import LATENCY_FILE
from reidbench.results.validation import faults
from reidbench.submissions.finding import Finding, shown
from reidbench.submissions.json_lines import line_at, line_of_fault, lines_of
from reidbench.submissions.lines import Line
from reidbench.submissions.strict_json import TOO_DEEP, JSONError, parse, problems
from reidbench.submissions.trials import marked_texts, published

AGAIN = "measure again with 'reidbench profile', or leave the file out"
MOST = {"batch": 65_536, "milliseconds": 1e8, "runs": 1_000_000, "threads": 65_536}
Problem = tuple[str, str]
"""A field, dotted, and what is wrong with it."""


def timing_findings(folder: Path, lines: Sequence[Line]) -> Iterator[Finding]:
    """Yield what is wrong with ``latency.json``, which may lie beside results."""
    data = (folder / LATENCY_FILE).read_bytes()
    try:
        text = data.decode("utf-8")
        document = parse(text)
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        yield Finding(LATENCY_FILE, line, "", f"not UTF-8 ({error.reason})", AGAIN)
    except JSONError as error:
        yield Finding(LATENCY_FILE, line_of_fault(text, error), "", str(error), AGAIN)
    else:
        found = list(_problems(document, text, lines))
        places = lines_of(text) if found else {}
        for field, why in found:
            yield Finding(LATENCY_FILE, line_at(places, field), field, why, AGAIN)


def _problems(document: Any, text: str, lines: Sequence[Line]) -> Iterator[Problem]:
    wrong = list(problems(document))
    if not any(why == TOO_DEEP for _, why in wrong):
        wrong += marked_texts(document, "")
    yield from wrong
    if wrong:
        return
    try:
        yield from _content(Latency.model_validate_json(text, strict=True), lines)
    except ValidationError as error:
        yield from faults(error)


def _content(latency: Latency, lines: Sequence[Line]) -> Iterator[Problem]:
    sizes = {rules.input.size for line in lines if (rules := published(line.result))}
    if sizes and latency.size not in sizes:
        yield "size", f"{latency.size} is not the protocol's"
    if not 1 <= latency.runs <= MOST["runs"]:
        yield "runs", f"{latency.runs} is no number of runs"
    if not 1 <= latency.machine.threads <= MOST["threads"]:
        yield "machine.threads", f"{latency.machine.threads} is no number of threads"
    if not _is_time(latency.measured):
        yield "measured", f"{shown(latency.measured)} is no time"
    seen: dict[tuple[str, str, int], Timing] = {}
    for index, row in enumerate(latency.rows):
        case = row.network, row.engine, row.batch
        if case in seen:
            yield f"rows.{index}", "times a network a second time"
        seen[case] = row
    networks = dict(_networks(lines))
    for index, row in enumerate(latency.rows):
        for field, why in (*_of_row(row, networks), *_verdict(row, networks, seen)):
            yield f"rows.{index}.{field}", why


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _networks(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """Yield the key of every network that was scored, with its backbone."""
    for line in lines:
        result = line.result
        if result.status == "done" and result.phases:
            yield result.phases[-1].key, result.trial.backbone


def _of_row(row: Timing, networks: Mapping[str, str]) -> Iterator[Problem]:
    if row.trial is None:
        if row.network not in {f"{it} {DENSE}" for it in networks.values()}:
            yield "network", f"{shown(row.network)} is no dense network of these results"
    elif row.trial not in networks:
        yield "trial", f"{shown(row.trial)} is no network of these results"
    elif not row.network.startswith(f"{networks[row.trial]} "):
        yield "network", f"{shown(row.network)} is not of the backbone {networks[row.trial]}"
    if row.batch > MOST["batch"]:
        yield "batch", f"above {MOST['batch']}"
    if not row.least <= row.low <= row.median <= row.high <= MOST["milliseconds"]:
        yield "median", f"least <= low <= median <= high <= {MOST['milliseconds']:g} does not hold"


def _verdict(
    row: Timing, networks: Mapping[str, str], rows: Mapping[tuple[str, str, int], Timing]
) -> Iterator[Problem]:
    """Yield where what a row says of itself is not what its times and the dense ones give."""
    if row.steady != (row.high - row.low <= WIDE * row.median):
        yield "steady", "not what the quartiles say"
    if row.trial is not None and row.trial not in networks:
        return  # refused for that, and of a network that nobody knows
    family = networks[row.trial] if row.trial else row.network.removesuffix(f" {DENSE}")
    dense = rows.get((f"{family} {DENSE}", row.engine, row.batch))
    if dense is None:
        yield "speed_up", "the dense network was not timed beside it"
    elif not (row.steady and dense.steady):
        if row.speed_up is not None:
            yield "speed_up", "a verdict from times that are too far apart for one"
    elif row.speed_up is None or not all(
        isclose(given, counted, rel_tol=1e-6)
        for given, counted in zip(
            row.speed_up, (dense.least / row.least, dense.median / row.median), strict=True
        )
    ):
        yield "speed_up", f"is {shown(row.speed_up)}, which its times do not give"
