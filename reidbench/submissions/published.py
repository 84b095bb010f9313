"""A submission beside what is published: the same test identities and lines, agreeing anchors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

from reidbench.leaderboard.row_trials import RowTrials, gather
from reidbench.leaderboard.states import DOUBTED
from reidbench.results import PACK, Result, read_pack
from reidbench.results.pack import identities_digest
from reidbench.submissions.finding import Finding
from reidbench.submissions.lines import Line
from reidbench.submissions.states import state_of
from reidbench.submissions.whole import ANCHORS

DEVIATIONS = 4.0
LEAST = 0.01
"""Anchors agree within so many standard errors of the difference, or one point of mAP."""


@dataclass(frozen=True)
class Published:
    """All published results but those of one folder, and of folders that are doubted."""

    identities: Mapping[Hashable, str]
    """Digest of the test identities by target and version."""
    anchors: Mapping[Hashable, tuple[float, float, int]]
    """Mean, standard deviation and number of mAPs, by row."""


def published_in(root: Path, but: Path) -> Published:
    """Read the packs below ``root``, without the folder ``but`` and those that nobody may trust."""
    packs = [
        it
        for it in sorted(root.glob(f"*/{PACK}"))
        if it.parent.resolve() != but.resolve() and state_of(it.parent).name not in DOUBTED
    ]
    return _read(tuple((it, it.stat().st_mtime_ns) for it in packs))


@lru_cache(maxsize=2)
def _read(packs: tuple[tuple[Path, int], ...]) -> Published:
    results = [result for path, _ in packs for result in read_pack(path)]
    return Published(
        identities={_test(it): _digest(it) for it in results if it.per_query},
        anchors=_anchors(results),
    )


def _test(result: Result) -> Hashable:
    target = result.components.get("target")
    return result.trial.target, target and (target.name, target.version, target.content)


def _digest(result: Result) -> str:
    return identities_digest(result.per_query.pids) if result.per_query else ""


def _anchors(results: Sequence[Result]) -> dict[Hashable, tuple[float, float, int]]:
    found = {}
    by_table: dict[Hashable, list[Result]] = defaultdict(list)
    for result in results:
        by_table[result.suite].append(result)
    for members in by_table.values():
        for row in gather(members):
            scores = [it.scores.final.mAP for it in row.scored if it.scores]
            if row.id.method in ANCHORS and scores:
                deviation = stdev(scores) if len(scores) > 1 else 0.0
                found[_row(row)] = fmean(scores), deviation, len(scores)
    return found


def _row(row: RowTrials) -> Hashable:
    return row.setting, row.method, row.id.model_copy(update={"seed": 0})


def published_findings(lines: Sequence[Line], published: Published) -> Iterator[Finding]:
    """Yield where a submission contradicts what is published."""
    for line in lines:
        yield from _identities(line, published)
    yield from _anchor_findings(lines, published)


def _identities(line: Line, published: Published) -> Iterator[Finding]:
    if line.result.per_query is None:
        return
    known = published.identities.get(_test(line.result))
    if known is None:
        why = f"no published result is of this version of {line.result.trial.target}"
        remedy = "a maintainer compares the digest with a copy of the data"
        yield line.finding("per_query.identities", why, remedy, look=True)
    elif known != _digest(line.result):
        why = f"not the test identities of {line.result.trial.target} ({known})"
        yield line.finding("per_query.identities", why, "run on the published data set")


def _anchor_findings(lines: Sequence[Line], published: Published) -> Iterator[Finding]:
    last = {line.result.key: line for line in lines}
    own = _anchors([line.result for line in lines])
    rows = {_row(row): row for row in gather([line.result for line in lines])}
    for name, (mean, deviation, count) in own.items():
        line = last[rows[name].trials[-1].key]
        if name not in published.anchors:
            why = f"no published row of {line.result.trial.method} to compare this machine with"
            remedy = "a maintainer compares its level with published rows of similar settings"
            yield line.finding("scores.final.mAP", why, remedy, look=True)
            continue
        other, its, number = published.anchors[name]
        error = sqrt(deviation**2 / count + its**2 / number)
        if abs(mean - other) > max(LEAST, DEVIATIONS * error):
            why = f"the row's mean is {100 * mean:.2f}, published is {100 * other:.2f}"
            remedy = "find out what differs on this machine: versions, threads, data"
            yield line.finding("scores.final.mAP", why, remedy)


def unchanged_findings(folder: Path, before: Path) -> Iterator[Finding]:
    """Yield which lines of the folder as it was published are missing or changed."""
    old = before / folder.name / PACK
    if not old.is_file() or not (folder / PACK).is_file():
        return
    now = set((folder / PACK).read_text(encoding="utf-8", errors="replace").splitlines())
    for number, text in enumerate(old.read_text(encoding="utf-8").splitlines(), start=1):
        if text not in now:
            why = f"line {number} of the published file is missing or changed"
            yield Finding(PACK, 0, "", why, "leave published results as they are")
