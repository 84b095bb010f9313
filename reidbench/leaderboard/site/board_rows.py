"""The rows of the site's tables: seven cells to begin with, the rest on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reidbench.leaderboard.latency_file import Latency
from reidbench.leaderboard.model import Row, Section, Table
from reidbench.leaderboard.render.columns import NOTHING, PERCENT, fixed, signed
from reidbench.leaderboard.render.page import caveat, flags, may_be_best, rank, title
from reidbench.leaderboard.render.row_columns import PAGE_COLUMNS
from reidbench.leaderboard.site.names import file_stem
from reidbench.leaderboard.site.published import Published, row_key
from reidbench.leaderboard.splits import is_pooled
from reidbench.leaderboard.states import FolderState

FIRST = (
    ("rank set", "every rank that the row may have"),
    ("method", "links to its card"),
    ("mAP %", "mean over seeds ± standard deviation"),
    ("Δ mAP", "to the unpruned network, points, 95 % interval"),
    ("reduction %", "of MACs, achieved"),
    ("params M", "millions of parameters"),
    ("seeds, state", "seeds scored of those asked for"),
)
SHOWN_FIRST = {"map", "delta_map", "reduction_percent", "parameters_million", "seeds"}
MORE = tuple(it for it in PAGE_COLUMNS if it.name not in SHOWN_FIRST and it.weight >= 0)
MORE_HEADINGS = (*(column.heading for column in MORE), "notes")


@dataclass(frozen=True)
class BoardRow:
    """A row as cells; ``order`` holds what each of the seven columns is sorted by."""

    row: Row
    href: str
    family: str
    best: bool
    cells: Sequence[str]
    order: Sequence[float | str | None]
    more: Sequence[str]
    trials: Sequence[tuple[int, str]]
    """Seeds, and the stem of the page of each trial."""


@dataclass(frozen=True)
class BoardSection:
    """The rows of a reduction: ranks hold, and scores compare, within one of these alone."""

    suite: str
    anchor: str
    table: Table
    section: Section
    rows: Sequence[BoardRow]
    state: FolderState
    """What became of its folder."""
    again: str
    """The command that runs a trial of its best row again, empty if there is none."""
    latency: Latency | None = None
    """The timings that its rows were joined with."""

    @property
    def machine(self) -> str:
        """What its rows were timed on; empty if none of them was."""
        timed = self.latency and any(it.row.timings for it in self.rows)
        return str(self.latency.machine) if self.latency and timed else ""

    @property
    def data(self) -> str:
        """Name the data, the network and the scenario."""
        return title(self.table.setting)

    @property
    def caveat(self) -> str:
        """What tables under its protocol do not show; empty where nothing is known."""
        return caveat(self.table.setting)

    @property
    def of_splits(self) -> bool:
        """Whether its blocks are random splits of one data set."""
        return is_pooled(self.table.setting.target)

    @property
    def reduction(self) -> str:
        """The target in percent."""
        return f"{100 * self.section.reduction:g}"

    @property
    def ranked(self) -> list[BoardRow]:
        """The rows that have a rank set."""
        return [it for it in self.rows if it.row.rank]

    @property
    def methods(self) -> int:
        """How many methods have a rank set: fewer than rows where some have several variants."""
        return len({it.row.method for it in self.ranked})

    @property
    def best(self) -> list[BoardRow]:
        """The rows that may be the best."""
        return [it for it in self.rows if it.best]


def board_sections(published: Published, families: Mapping[str, str]) -> list[BoardSection]:
    """Return every section of a suite's tables, in their order."""
    suite = published.name
    return [
        BoardSection(
            suite=suite,
            anchor=f"t{number}-{100 * section.reduction:g}",
            table=table,
            section=section,
            rows=tuple(_rows(published, section, families)),
            latency=published.board.latency,
            state=published.state,
            again=_again(published, section),
        )
        for number, table in enumerate(published.board.tables)
        for section in table.sections
    ]


def _rows(
    published: Published, section: Section, families: Mapping[str, str]
) -> Iterator[BoardRow]:
    for row in section.all_rows:
        delta = "" if row.delta is None else signed(row.delta)
        it = row.delta_interval
        ends = f" [{signed(it.low)}, {signed(it.high)}]" if it else ""
        if it and it.of_networks:
            ends = f" ({ends[2:-1]})"
        score = fixed(row.mean_ap.mean if row.mean_ap else None, PERCENT, 1)
        sd = row.mean_ap.sd if row.mean_ap else None
        yield BoardRow(
            row=row,
            href=f"methods/{file_stem(row.method)}.html",
            family=families.get(row.method, "other"),
            best=may_be_best(row),
            cells=(
                rank(section, row),
                row.label,
                score + (f" ± {fixed(sd, PERCENT, 1)}" if sd is not None else ""),
                delta + ends or NOTHING,
                fixed(row.achieved, PERCENT, 1),
                fixed(row.parameters, 1e6, 2),
                f"{row.seeds_done}/{row.seeds}, {_state(row)}",
            ),
            order=_order(row),
            more=(*(column.cell(row) for column in MORE), "; ".join(row.notes)),
            trials=[(seed, file_stem(key)) for seed, key in published.trials.get(row_key(row), ())],
        )


def _again(published: Published, section: Section) -> str:
    best = next((row for row in section.rows if may_be_best(row)), None)
    trials = published.trials.get(row_key(best), ()) if best else ()
    return published.again(trials[0][1]) if trials else ""


def _state(row: Row) -> str:
    """Say what went wrong, and how far others have checked the results."""
    return ", ".join([*flags(row), *filter(None, [row.state])]) or "done"


def _order(row: Row) -> tuple[float | str | None, ...]:
    def rounded(value: float | None, digits: int) -> float | None:
        return None if value is None else round(value, digits)

    return (
        row.rank.best + row.rank.worst / 1e4 if row.rank else None,
        row.label,
        rounded(row.mean_ap.mean if row.mean_ap else None, 5),
        rounded(row.delta, 5),
        rounded(row.achieved, 5),
        row.parameters,
        row.seeds_done,
    )
