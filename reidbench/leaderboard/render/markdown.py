"""A leaderboard as a Markdown page that says how to read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tabulate import tabulate

from reidbench.leaderboard.claims.cells import CLAIM_COLUMNS, CLAIMS, basis
from reidbench.leaderboard.claims.cells import LEGEND as CLAIMS_SAY
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.model import Leaderboard, Origin, Part, Row, Section, Table
from reidbench.leaderboard.render.columns import (
    COLUMNS,
    OTHERS,
    blocks,
    flags,
    numbered_notes,
    queries,
    rank,
    title,
    versions,
)
from reidbench.leaderboard.reported.columns import CAUTION, QUOTED, QUOTED_COLUMNS, citations

LEGEND = """\
- Methods are compared at the same **reduction** of multiply-accumulates (MACs), counted for one
  image of the protocol's size; 1 MAC = 2 FLOPs. *max. miss* is the largest distance of a seed's
  reduction to the target, in points.
- Scores are percentages, a mean over seeds **±** the sample standard deviation (none for one seed).
- **Δ mAP** is the difference to the dense network in points, with a 95 % interval: bootstrap over
  test identities and seeds, paired. With a single seed it says nothing of what seeds change.
- **Rank** goes down the mean mAP: a row shares the rank (`=`) of the best row of that rank until
  it is clearly worse, by such an interval that excludes 0, and then opens the next. The intervals
  are not corrected for their number.
- Not ranked (-): rows with a failed or diverged seed; rows **off target**, whose reduction lies
  outside the protocol's tolerance; and rows *off budget*, as a note says: controls that train for
  the dense network's compute, not for its epochs. Nor is the dense reference (ref.).
- *before retraining* is right after the cut, with batch norm recalibrated. Iterative and
  progressive methods have already trained for part of the phase by then, so it is comparable only
  between methods of one strategy. Epochs and seconds are those of all phases, the base network's
  included; *choosing* is all that is not training: ranking, refitting, cutting, recalibration.
- *when, where*: the strategy, and how reductions are shared among layers (docs/protocols.md).
- Results of different engines, or of different versions of backbone or data, share no table; two
  versions of a method are two rows."""

DRAWN = (
    "> **Drawn data.** The images of this table are drawn by a program. "
    "It says nothing about photographs of people."
)

OTHERS_SAY = (
    "Networks of other sizes, trained and measured as this table's and not pruned; Δ mAP is to "
    "this table's dense network. Not ranked, because their MACs are their own."
)


def to_markdown(leaderboard: Leaderboard) -> str:
    """Write the whole page: how to read it, every table, and where the results come from."""
    blocks = ["# Leaderboard", LEGEND]
    for table in leaderboard.tables:
        blocks += _table(table)
    blocks += _claims(leaderboard.claims)
    blocks += ["## Provenance", _components(leaderboard.parts), _provenance(leaderboard.origins)]
    return "\n\n".join(blocks) + "\n"


def _table(table: Table) -> Iterator[str]:
    setting = table.setting
    yield f"## {_escaped(title(setting))}"
    if setting.drawn:
        yield DRAWN
    yield _facts(table)
    numbers = numbered_notes(table)
    for heading, section in blocks(table):
        yield f"### {heading}"
        if heading == OTHERS:
            yield OTHERS_SAY
        yield _grid(section, numbers)
    if numbers:
        yield "\n".join(f"{number}. {_escaped(note)}" for note, number in numbers.items())
    if table.quotations:
        yield from _quoted(table)


def _facts(table: Table) -> str:
    setting = table.setting
    facts = [
        f"protocol `{setting.protocol}` (`{setting.protocol_hash[:12]}`)",
        f"{setting.division} division",
        f"tolerance ± {100 * table.tolerance:g} points",
        queries(table),
        _escaped(versions(setting)),
    ]
    return " · ".join(fact for fact in facts if fact)


def _grid(section: Section, numbers: Mapping[str, int]) -> str:
    rows = [
        [
            "ref." if row is section.reference else rank(row),
            _method(row, numbers),
            *(column.cell(row) for column in COLUMNS),
        ]
        for row in section.all_rows
    ]
    return tabulate(
        rows,
        headers=["rank", "method", *(column.heading for column in COLUMNS)],
        tablefmt="pipe",
        colalign=("right", "left", *("right" for _ in COLUMNS)),
        disable_numparse=True,
    )


def _quoted(table: Table) -> Iterator[str]:
    """Write what papers report, in a form that cannot be taken for a section."""
    yield f"### {QUOTED}"
    yield f"> {CAUTION}"
    yield tabulate(
        [[_escaped(column.cell(it)) for column in QUOTED_COLUMNS] for it in table.quotations],
        headers=[column.heading for column in QUOTED_COLUMNS],
        tablefmt="pipe",
        colalign=("right", "left", *("right" for _ in QUOTED_COLUMNS[2:])),
        disable_numparse=True,
    )
    yield "\n".join(f"- {_escaped(citation)}" for citation in citations(table))


def _method(row: Row, numbers: Mapping[str, int]) -> str:
    marks = (f"[{numbers[note]}]" for note in row.notes)
    return " ".join([_escaped(row.label), *(f"**{flag}**" for flag in flags(row)), *marks])


def _claims(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Write every claim as a row, and below what its verdict rests on."""
    if not verdicts:
        return
    yield f"## {CLAIMS}"
    yield CLAIMS_SAY
    yield tabulate(
        [[_escaped(column.cell(it)) for column in CLAIM_COLUMNS] for it in verdicts],
        headers=[column.heading for column in CLAIM_COLUMNS],
        tablefmt="pipe",
        disable_numparse=True,
    )
    yield "\n".join(
        f"- **{_escaped(it.claim.name)}**: {_escaped(' '.join(basis(it)))}" for it in verdicts
    )


def _components(parts: Iterable[Part]) -> str:
    return tabulate(
        [[part.role, *map(_escaped, part[1:4])] for part in parts],
        headers=["component", "name", "version", "distribution"],
        tablefmt="pipe",
        disable_numparse=True,
    )


def _provenance(origins: Iterable[Origin]) -> str:
    headers = ["results", "reidbench", "commit", "torch", "hardware", "threads", "device"]
    return tabulate(
        [[getattr(origin, header) for header in headers] for origin in origins],
        headers=headers,
        tablefmt="pipe",
        disable_numparse=True,
    )


def _escaped(text: str) -> str:
    """Let nothing in a name or an error message act as Markdown or HTML."""
    return re.sub(r"([\\`*_<>|\[\]#])", r"\\\1", text)
