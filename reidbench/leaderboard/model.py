"""What a leaderboard is made of: tables, sections and rows, with every number still a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.latency_file import Latency, Timing
from reidbench.leaderboard.reported.paper import Entry, Source
from reidbench.leaderboard.statistics.contrast import Interval
from reidbench.leaderboard.statistics.rank_sets import RankSet
from reidbench.leaderboard.statistics.spread import Spread
from reidbench.results import Status


class UsedComponent(NamedTuple):
    """A component, in the version that a result was made with, and what it was used as."""

    role: str
    """``method``, ``backbone``, ``source`` or ``target``."""
    name: str
    version: str
    distribution: str
    content: str = ""
    """Hash of the images found, for a data set on disk."""

    def __str__(self) -> str:
        images = f", {self.content[:8]}" if self.content else ""
        return f"{self.name} v{self.version} ({self.distribution}{images})"


@dataclass(frozen=True, kw_only=True, order=True)
class TableSetting:
    """What all rows of a table have in common; results that differ in it share no table."""

    drawn: bool
    scenario: str
    backbone: str
    source: str
    """Empty for a scenario without a source domain."""
    target: str
    protocol: str
    protocol_hash: str
    division: str
    engine: int
    components: tuple[UsedComponent, ...]
    """Those that every row shares; a method's version is its row's."""

    @property
    def family(self) -> TableSetting:
        """What it has in common with the tables that differ in nothing but the backbone."""
        components = tuple(it for it in self.components if it.role != "backbone")
        return replace(self, backbone="", components=components)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A method at one reduction, over its seeds; shares and differences are fractions.

    What could not be measured is None: all scores of a row whose trials all failed, the rank of
    a row that may not be ranked, and the comparison of the dense row with itself.
    """

    setting: TableSetting
    label: str
    method: str
    version: str
    distribution: str
    strategy: str
    allocation: str
    control: bool
    reduction: float
    status: Status
    """``done`` if every trial of the row is."""
    seeds_done: int
    seeds: int
    """How many the suite asks for; where that is not known, how many any row beside has."""
    mean_ap: Spread | None
    rank1: Spread | None
    rank5: Spread | None
    mean_inp: Spread | None
    trapezoid: Spread | None
    before_retraining: Spread | None
    """mAP right after the cut."""
    achieved: float | None
    """The reduction that was achieved, the mean over seeds."""
    max_miss: float | None
    """The largest distance of a seed's achieved reduction to ``reduction``."""
    matched: bool
    """Whether every seed achieved ``reduction`` within the protocol's tolerance."""
    macs: float | None
    parameters: float | None
    epochs: float | None
    """Of all phases together, as are the seconds."""
    seconds: float | None
    choosing_seconds: float | None
    """Of these, all but training: ranking, refitting, cutting, recalibration."""
    notes: tuple[str, ...]
    rank: RankSet | None = None
    missing_seeds: tuple[int, ...] = ()
    """Those that were asked for and not run."""
    noisy: bool = False
    """Whether its seeds differ far more than the section's others: its intervals are too narrow."""
    on_budget: bool = True
    """Whether every seed trained for the epochs of the dense network."""
    delta: float | None = None
    """mAP minus that of the dense control, over the seeds both have."""
    delta_interval: Interval | None = None
    networks: tuple[str, ...] = ()
    """The key of the last phase of each scored trial, by which its timings are found."""
    timings: tuple[Timing, ...] = ()
    """What ``reidbench profile`` measured, on one machine."""
    state: str = ""
    """How far others have checked its results, as ``reproduced``; empty if nobody was asked."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The rows of one reduction, best mAP first, below the dense row they are compared with."""

    reduction: float
    reference: Row | None
    rows: tuple[Row, ...]

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """The reference, where there is one, then the rows."""
        return ((self.reference,) if self.reference else ()) + self.rows


@dataclass(frozen=True, kw_only=True)
class ReportedRow:
    """What a paper reports of a network, in the paper's units; not measured here."""

    entry: Entry
    source: Source
    section: float | None
    """The section whose measured rows have as many parameters, 0 for the dense network."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Every section of one setting."""

    setting: TableSetting
    tolerance: float
    valid_queries: int | None
    """None if no trial of the table was scored, as for the excluded queries."""
    excluded_queries: int | None
    sections: tuple[Section, ...]
    other_networks: tuple[Row, ...] = ()
    """The dense networks of other backbones, the most MACs first; never ranked.

    Their differences are to this table's dense network.
    """
    reported: tuple[ReportedRow, ...] = ()

    @property
    def reference(self) -> Row | None:
        """The dense row, where there is one."""
        return self.sections[0].reference

    @property
    def unique_rows(self) -> Iterator[Row]:
        """The dense row once, then the rows of every section."""
        yield from (self.reference,) if self.reference else ()
        for section in self.sections:
            yield from section.rows


@dataclass(frozen=True, kw_only=True, order=True)
class Origin:
    """The versions and the hardware that so many results were made with."""

    reidbench: str
    commit: str
    torch: str
    hardware: str
    threads: str
    device: str
    results: int = 1


@dataclass(frozen=True, kw_only=True)
class Leaderboard:
    """All tables, and where their results come from."""

    tables: tuple[Table, ...]
    components: tuple[UsedComponent, ...]
    """Every component of any result, methods too."""
    origins: tuple[Origin, ...]
    claims: tuple[Verdict, ...] = ()
    latency: Latency | None = None
    """The timings that its rows were joined with."""
