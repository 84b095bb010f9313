"""A leaderboard as a Markdown page that says how to read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tabulate import tabulate

from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.model import Leaderboard, Origin, Row, Section, Table, UsedComponent
from reidbench.leaderboard.render import claim_columns, latency_columns, page, reported_columns
from reidbench.leaderboard.render.columns import Column, R
from reidbench.leaderboard.render.row_columns import MAIN_COLUMNS, PAGE_COLUMNS

LEGEND = """\
- Methods are compared at the same **reduction** of multiply-accumulates (MACs), counted for one
  image of the protocol's size; 1 MAC = 2 FLOPs.
- Scores are percentages, a mean over seeds **±** the sample standard deviation (none for one seed).
- **Δ mAP** is the difference to the dense network in points, with a 95 % interval: where the
  difference would lie with other training seeds and other test people; in a table of splits, with
  other splits of the same people. In (round brackets) it is of a single seed: how two networks
  differ over other people, which says nothing of methods.
- **Rank** is every rank that a row may have: `2-5` says that one row is better, and that all but
  five, itself among them, are worse. One row is better than another if such an interval of their
  difference, widened for the number of rows, excludes 0. Rows in **bold** may be the best: the
  truly best row is among them in at least 95 % of tables.
- Not ranked (-): rows with a failed or diverged seed; *incomplete* rows, which lack a seed that
  others have; rows of a single seed; rows **off target**, whose reduction lies outside the
  protocol's tolerance; and rows *off budget*, as a note says: controls that train for the dense
  network's compute, not for its epochs. Nor is the dense reference (ref.).
- A **noisy** row changes far more with the seed than its section's rows do on average: more than
  twice the standard deviation. Its intervals may be too narrow.
- In brackets behind a name: strategy and allocation, where a method has several rows.
- Results of different engines, or of different versions of backbone or data, share no table; two
  versions of a method are two rows.
- Other metrics, mAP before retraining, MACs, epochs, seconds and the components are in
  `leaderboard.csv`; `--columns` shows any of them."""

DRAWN = (
    "> **Drawn data.** The images of this table are drawn by a program. "
    "It says nothing about photographs of people."
)

OTHER_NETWORKS_LEGEND = (
    "Networks of other sizes, trained and measured as this table's and not pruned; Δ mAP is to "
    "this table's dense network. Not ranked, because their MACs are their own."
)


def to_markdown(leaderboard: Leaderboard, columns: Sequence[str] = MAIN_COLUMNS) -> str:
    """Write the whole page: how to read it, every table, and where the results come from.

    ``columns`` are shown beside rank and method.
    """
    shown = [column for column in PAGE_COLUMNS if column.name in columns]
    parts = ["# Leaderboard", LEGEND]
    for table in leaderboard.tables:
        parts += _table(table, shown)
    parts += _latency(leaderboard)
    parts += _claims(leaderboard.claims)
    parts += ["## Provenance", _components(leaderboard.components), _origins(leaderboard.origins)]
    return "\n\n".join(parts) + "\n"


def _table(table: Table, columns: Sequence[Column[Row]]) -> Iterator[str]:
    yield f"## {_escaped(page.title(table.setting))}"
    if table.setting.drawn:
        yield DRAWN
    yield _facts(table)
    if known := page.caveat(table.setting):
        yield f"> {known}"
    numbers = page.numbered_notes(table)
    for heading, section in page.blocks(table):
        yield f"### {heading}"
        if heading == page.OTHER_NETWORKS:
            yield OTHER_NETWORKS_LEGEND
        yield _section(section, columns, numbers)
    if numbers:
        yield "\n".join(f"{number}. {_escaped(note)}" for note, number in numbers.items())
    if table.reported:
        yield f"### {reported_columns.REPORTED}"
        yield f"> {reported_columns.CAUTION}"
        yield _columns(reported_columns.REPORTED_COLUMNS, table.reported, ranked=True)
        yield "\n".join(f"- {_escaped(citation)}" for citation in reported_columns.citations(table))


def _facts(table: Table) -> str:
    setting = table.setting
    facts = [
        f"protocol `{setting.protocol}` (`{setting.protocol_hash[:12]}`)",
        f"{setting.division} division",
        f"tolerance ± {100 * table.tolerance:g} points",
        page.queries(table),
        _escaped(page.versions(setting)),
    ]
    return " · ".join(fact for fact in facts if fact)


def _section(section: Section, columns: Sequence[Column[Row]], numbers: Mapping[str, int]) -> str:
    return _grid(
        ["rank", "method", *(column.heading for column in columns)],
        [
            [
                f"**{row.rank}**" if page.may_be_best(row) else page.rank(section, row),
                _method(row, numbers),
                *(column.cell(row) for column in columns),
            ]
            for row in section.all_rows
        ],
        ranked=True,
    )


def _method(row: Row, numbers: Mapping[str, int]) -> str:
    marks = (f"[{numbers[note]}]" for note in row.notes)
    return " ".join([_escaped(row.label), *(f"**{flag}**" for flag in page.flags(row)), *marks])


def _latency(leaderboard: Leaderboard) -> Iterator[str]:
    """Write the rows that were timed, of every table, with the machine they were timed on."""
    if leaderboard.latency is None:
        return
    yield f"## {latency_columns.TITLE}"
    yield _escaped(latency_columns.legend(leaderboard.latency))
    for table in leaderboard.tables:
        timed = [row for row in table.unique_rows if row.timings]
        if not timed:
            continue
        shown = latency_columns.cases(timed)
        yield f"### {_escaped(page.title(table.setting))}"
        yield _grid(
            ["method", "reduction %", *(f"{engine}, batch {batch}" for engine, batch in shown)],
            [
                [
                    _escaped(row.label),
                    f"{100 * row.reduction:g}",
                    *latency_columns.case_cells(row, shown),
                ]
                for row in timed
            ],
        )


def _claims(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Write every claim as a row, and below what its verdict is based on."""
    if not verdicts:
        return
    yield f"## {claim_columns.CLAIMS}"
    yield claim_columns.CLAIMS_LEGEND
    yield _columns(claim_columns.CLAIM_COLUMNS, verdicts)
    yield "\n".join(
        f"- **{_escaped(it.claim.name)}**: {_escaped(' '.join(claim_columns.basis(it)))}"
        for it in verdicts
    )


def _components(components: Iterable[UsedComponent]) -> str:
    rows = [[it.role, *map(_escaped, (it.name, it.version, it.distribution))] for it in components]
    return _grid(["component", "name", "version", "distribution"], rows)


def _origins(origins: Iterable[Origin]) -> str:
    headings = ["results", "reidbench", "commit", "torch", "hardware", "threads", "device"]
    rows = [[_escaped(str(getattr(origin, name))) for name in headings] for origin in origins]
    return _grid(headings, rows)


def _columns(columns: Iterable[Column[R]], items: Iterable[R], *, ranked: bool = False) -> str:
    """Write one row an item, of the columns that people read."""
    shown = [column for column in columns if column.heading]
    rows = [[_escaped(column.cell(item)) for column in shown] for item in items]
    return _grid([column.heading for column in shown], rows, ranked=ranked)


def _grid(
    headings: Sequence[str], rows: Sequence[Sequence[object]], *, ranked: bool = False
) -> str:
    """Write a table of cells; where rows are ``ranked``, all but their names align right."""
    align = ("right", "left", *("right" for _ in headings[2:])) if ranked else None
    return tabulate(rows, headers=headings, tablefmt="pipe", colalign=align, disable_numparse=True)


def _escaped(text: str) -> str:
    """Keep names and error messages from acting as Markdown or HTML."""
    return re.sub(r"([\\`*_<>|\[\]#])", r"\\\1", text)
