"""The columns of what papers report, and the text that tells them from what was measured."""

from __future__ import annotations

from reidbench.leaderboard.model import ReportedRow, Table
from reidbench.leaderboard.render.columns import NOTHING, Column

REPORTED = "Reported elsewhere, not measured here"
CAUTION = (
    "Printed by papers under protocols of their own; nobody reproduced these numbers here, they "
    "are not ranked, and a difference to a row above has other causes than the method. "
    "'section' names the one above whose networks have as many parameters, within 1 %."
)


def citations(table: Table) -> list[str]:
    """Return each source once, with what to know of it."""
    sources = dict.fromkeys(
        f"{it.source.short}: {it.source.citation}. {_sentence(it.source.caution)}"
        for it in table.reported
    )
    return list(sources)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _score(it: ReportedRow, value: float | None) -> str:
    if it.entry.failed:
        return "failed"
    return NOTHING if value is None else f"{value:.2f}"


def _parameters(it: ReportedRow) -> str:
    entry = it.entry
    about = "≈ " if entry.approximate else ""
    return NOTHING if entry.parameters is None else f"{about}{entry.parameters:.2f}"


def _method(it: ReportedRow) -> str:
    """Name a method as reidbench does, and as the paper does where that differs."""
    entry = it.entry
    if entry.dense:
        return f"{entry.network} {entry.method}"
    called = it.source.called[entry.method]
    same = called.lower() == entry.method.replace("-", "")
    return entry.method if same else f"{entry.method} (as {called})"


def _section(it: ReportedRow) -> str:
    if it.section is None:
        return NOTHING
    return f"{100 * it.section:g} %" if it.section else "dense"


REPORTED_COLUMNS: tuple[Column[ReportedRow], ...] = (
    Column("rank", "rank", lambda _: "reported", weight=9),
    Column("method", "method", _method, weight=8),
    Column("network", "network", lambda it: it.entry.network),
    Column("scenario", "scenario", lambda it: it.entry.scenario or NOTHING, weight=1),
    Column("point", "point", lambda it: it.entry.point or NOTHING, weight=4),
    Column("parameters_million", "params M", _parameters, weight=3),
    Column("map", "mAP %", lambda it: _score(it, it.entry.mAP), weight=7),
    Column("rank1", "rank-1 %", lambda it: _score(it, it.entry.rank1), weight=6),
    Column("section", "section", _section, weight=2),
    Column("source", "source", lambda it: it.source.short, weight=5),
)
