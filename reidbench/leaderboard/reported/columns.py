"""The columns of what papers report, and the words that keep it apart from what was measured."""

from __future__ import annotations

from reidbench.leaderboard.model import Quotation, Table
from reidbench.leaderboard.render.columns import NOTHING, Column

QUOTED = "Reported elsewhere, not measured here"
CAUTION = (
    "Printed by papers under protocols of their own; nobody reproduced these numbers here, they "
    "are not ranked, and a difference to a row above has other causes than the method. "
    "'section' names the one above whose networks have as many parameters, within 1 %."
)


def citations(table: Table) -> list[str]:
    """Return each source once, with what to know of it."""
    sources = dict.fromkeys(
        f"{it.source.short}: {it.source.citation}. {_sentence(it.source.caution)}"
        for it in table.quotations
    )
    return list(sources)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _number(quotation: Quotation, value: float | None) -> str:
    if quotation.entry.failed:
        return "failed"
    return NOTHING if value is None else f"{value:.2f}"


def _parameters(quotation: Quotation) -> str:
    entry = quotation.entry
    about = "≈ " if entry.approximate else ""
    return NOTHING if entry.parameters is None else f"{about}{entry.parameters:.2f}"


def _method(quotation: Quotation) -> str:
    """Name a method as reidbench does, and as the paper does where that differs."""
    entry = quotation.entry
    if entry.dense:
        return f"{entry.network} {entry.method}"
    called = quotation.source.called[entry.method]
    same = called.lower() == entry.method.replace("-", "")
    return entry.method if same else f"{entry.method} (as {called})"


def _section(quotation: Quotation) -> str:
    if quotation.section is None:
        return NOTHING
    return f"{100 * quotation.section:g} %" if quotation.section else "dense"


QUOTED_COLUMNS: tuple[Column[Quotation], ...] = (
    Column("rank", lambda _: "reported", 9),
    Column("method", _method, 8),
    Column("network", lambda it: it.entry.network, 0),
    Column("scenario", lambda it: it.entry.scenario or NOTHING, 1),
    Column("point", lambda it: it.entry.point or NOTHING, 4),
    Column("params M", _parameters, 3),
    Column("mAP %", lambda it: _number(it, it.entry.mAP), 7),
    Column("rank-1 %", lambda it: _number(it, it.entry.rank1), 6),
    Column("section", _section, 2),
    Column("source", lambda it: it.source.short, 5),
)
