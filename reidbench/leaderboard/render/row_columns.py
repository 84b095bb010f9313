"""The columns of a leaderboard's rows, each of them described here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from reidbench.leaderboard.model import Row
from reidbench.leaderboard.render import latency_columns
from reidbench.leaderboard.render.columns import (
    NOTHING,
    PERCENT,
    Column,
    around,
    attribute,
    attributes,
    fixed,
    number,
    percent,
    points,
    signed,
)


def _how(row: Row) -> str:
    return NOTHING if row.reduction == 0 else f"{row.strategy}, {row.allocation}"


def _delta(row: Row) -> str:
    if row.delta is None:
        return NOTHING
    ends = f" {around(row.delta_interval)}" if row.delta_interval else ""
    return signed(row.delta) + ends


def _components(row: Row) -> str:
    return "; ".join(f"{it.role} {it}" for it in row.setting.components)


def _epochs(row: Row) -> str:
    return NOTHING if row.epochs is None else f"{row.epochs:g}"


def _score(name: str, heading: str, field: str, weight: int = 0, short: str = "") -> Column[Row]:
    """Describe a score in percent, ``mean ± sd``; the mean alone for a single seed."""
    mean, sd = attribute(f"{field}.mean"), attribute(f"{field}.sd")

    def cell(row: Row) -> str:
        return percent(mean(row)) + (f" ± {percent(sd(row))}" if sd(row) is not None else "")

    values = {f"{name}_percent": points(f"{field}.mean"), f"{name}_sd": points(f"{field}.sd")}
    return Column(name, heading, cell, values, weight, short)


def _number(
    name: str,
    heading: str,
    field: str,
    unit: float,
    digits: tuple[int, int],
    weight: int = 0,
    short: str = "",
) -> Column[Row]:
    """Describe a number in a unit, with the digits that people read and those that are kept."""
    read = attribute(field)
    values = {name: number(field, unit, digits[1])}
    return Column(
        name, heading, lambda row: fixed(read(row), unit, digits[0]), values, weight, short
    )


def _if_known(known: str, field: str) -> dict[str, Callable[[Row], bool | None]]:
    """Return how to read a field, which means nothing where ``known`` is None."""
    return {field: lambda row: None if getattr(row, known) is None else getattr(row, field)}


_SETTING = {
    name: f"setting.{name}"
    for name in ("drawn", "scenario", "backbone", "source", "target", "protocol")
} | {
    "protocol_sha256": "setting.protocol_hash",
    "division": "setting.division",
    "engine": "setting.engine",
}
_HOW = Column("how", "when, where", _how, attributes("strategy", "allocation"))
_SEEDS = Column[Row](
    "seeds",
    "seeds",
    lambda row: " ".join(filter(None, (f"{row.seeds_done}/{row.seeds}", row.state))),
    attributes("seeds_done", "seeds"),
    weight=5,
)
_DELTA = {
    "delta_map_points": points("delta"),
    "delta_map_low": points("delta_interval.low"),
    "delta_map_high": points("delta_interval.high"),
    "delta_map_of_networks": attribute("delta_interval.of_networks"),
}
_MEASURES = (
    _score("map", "mAP %", "mean_ap", 9),
    _score("rank1", "rank-1 %", "rank1", 7),
    _score("rank5", "rank-5 %", "rank5"),
    _score("minp", "mINP %", "mean_inp"),
    _score("map_trapezoid", "mAP (trapezoid) %", "trapezoid", short="trapezoid %"),
    Column("delta_map", "Δ mAP [95 %]", _delta, _DELTA, weight=8),
    _score("map_before_retraining", "mAP before retraining %", "before_retraining", 2, "before %"),
    _number("reduction_percent", "reduction %", "achieved", PERCENT, (2, 4), 6, "red. %"),
    _number("max_miss_points", "max. miss", "max_miss", PERCENT, (2, 4)),
    _number("gmacs", "GMACs", "macs", 1e9, (3, 6), 4),
    _number("parameters_million", "params M", "parameters", 1e6, (2, 6), 3),
    Column("epochs", "epochs", _epochs, attributes("epochs"), weight=1),
    _number("seconds", "seconds", "seconds", 1, (0, 1), 1),
    _number(
        "choosing_seconds", "of these choosing", "choosing_seconds", 1, (1, 2), 0, "choosing s"
    ),
)

_LATENCY = Column[Row]("latency", "latency (speed-up)", latency_columns.cell, weight=-1)

PAGE_COLUMNS = (_HOW, *_MEASURES, _SEEDS, _LATENCY)
"""What people read of a row, beside its rank and name, which need the table around it."""
MAIN_COLUMNS = ("map", "delta_map", "reduction_percent", "parameters_million", "seeds")
"""The names of those that a page shows unless others are asked for."""

ROW_COLUMNS: tuple[Column[Row], ...] = (
    *(Column[Row](name, values={name: attribute(path)}) for name, path in _SETTING.items()),
    Column("components", values={"components": _components}),
    Column("reduction", values={"target_reduction_percent": points("reduction")}),
    Column("rank", values=attributes(rank_best="rank.best", rank_worst="rank.worst")),
    Column(
        "method",
        values=attributes("method", method_version="version", method_distribution="distribution"),
    ),
    _HOW,
    Column("control", values=attributes("control")),
    Column("status", values=attributes("status")),
    Column("matched", values=_if_known("achieved", "matched")),
    Column("on_budget", values=_if_known("epochs", "on_budget")),
    Column("noisy", values=_if_known("achieved", "noisy")),
    _SEEDS,
    Column("state", values=attributes("state")),
    *_MEASURES,
    _LATENCY,
    Column("missing", values={"missing_seeds": lambda it: " ".join(map(str, it.missing_seeds))}),
    Column("notes", values={"notes": lambda row: "; ".join(row.notes)}),
)
"""Everything about a row, in the order of the CSV."""
