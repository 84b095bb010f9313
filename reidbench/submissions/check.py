"""Checks a submission: every finding, without torch, and without running anything of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from reidbench.config.suite import Suite, load_suite
from reidbench.errors import ReidbenchError
from reidbench.leaderboard import build, claims_to_csv, to_csv, to_markdown
from reidbench.leaderboard.latency import with_latency_beside
from reidbench.leaderboard.states import in_state
from reidbench.results import CURVES, LATENCY_FILE, PACK
from reidbench.submissions.about import load_about
from reidbench.submissions.curves import curve_findings
from reidbench.submissions.finding import Finding
from reidbench.submissions.folder import ABOUT, PAGES, SUITE, file_findings, readable
from reidbench.submissions.lines import Line, read_lines
from reidbench.submissions.published import published_findings, published_in, unchanged_findings
from reidbench.submissions.states import state_of
from reidbench.submissions.timings import timing_findings
from reidbench.submissions.trials import trial_findings
from reidbench.submissions.whole import (
    anchor_findings,
    budget_findings,
    machine_findings,
    phase_findings,
    suite_findings,
)

T = TypeVar("T")
RUN_AGAIN = "'reidbench leaderboard' writes them"


def check(folder: Path, published: Path, before: Path | None = None) -> list[Finding]:
    """Return every finding about a submission, sorted.

    ``published`` is the folder of published folders, ``before`` the same as it was before the
    submission: its lines must still be there.
    """
    if not folder.is_dir():
        return [Finding("", 0, "", "no such folder", "name the folder to check")]
    found = list(file_findings(folder))
    suite = _document(folder, SUITE, found, lambda path: load_suite(path).content)
    _document(folder, ABOUT, found, load_about)
    if readable(folder, found, PACK):
        read = read_lines(folder / PACK)
        found += read.findings
        found += _of_lines(read.lines, suite)
        if readable(folder, found, LATENCY_FILE):
            found += timing_findings(folder, read.lines)
        if readable(folder, found, CURVES):
            found += curve_findings(folder, read.lines)
        if published.is_dir():
            found += published_findings(read.lines, published_in(published, folder))
        if before:
            found += unchanged_findings(folder, before)
        # Pages of results that are refused would be of no use.
        if suite and not any(it.kind == "refused" for it in found):
            found += _pages(folder, read.lines, suite, found)
    return sorted(set(found))


def _of_lines(lines: list[Line], suite: Suite | None) -> Iterator[Finding]:
    for line in lines:
        yield from trial_findings(line)
    if suite:
        yield from suite_findings(lines, suite)
    yield from phase_findings(lines)
    yield from budget_findings(lines)
    yield from machine_findings(lines)
    yield from anchor_findings(lines)


def _document(folder: Path, name: str, found: list[Finding], load: Callable[[Path], T]) -> T | None:
    if not readable(folder, found, name):
        return None
    try:
        return load(folder / name)
    except (ReidbenchError, OSError, ValueError, RecursionError) as error:
        for text in str(error).splitlines():
            found.append(_of_text(name, text.replace(f"{folder}/", "")))
        return None


def _of_text(name: str, text: str) -> Finding:
    """Return the finding of a line like ``suite.yaml:3: methods.0: what is wrong; remedy``."""
    head = re.match(rf"{re.escape(name)}:(\d+): ", text)
    why, _, remedy = text[head.end() if head else 0 :].partition("; ")
    return Finding(name, int(head[1]) if head else 0, "", ascii(why)[1:-1], remedy or "correct it")


def _pages(
    folder: Path, lines: list[Line], suite: Suite, found: list[Finding]
) -> Iterator[Finding]:
    """Yield which rendered pages are not those of the results, where they are there at all."""
    try:
        board = build([line.result for line in lines], suite.claims, suite.seeds)
        board = with_latency_beside(in_state(board, state_of(folder)), folder)
    except ReidbenchError as error:
        yield Finding(PACK, 0, "", str(error), "correct it")
        return
    writers: tuple[Callable[[Any], str], ...] = (to_markdown, to_csv, claims_to_csv)
    for name, write in zip(PAGES, writers, strict=True):
        if readable(folder, found, name) and (folder / name).read_bytes() != write(board).encode():
            yield Finding(name, 0, "", "not the page of these results", RUN_AGAIN)
