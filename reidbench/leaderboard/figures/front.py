"""mAP against a cost, with the front: no other row is both cheaper and better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reidbench.leaderboard.figures.figure import Figure, draw, values
from reidbench.leaderboard.figures.look import PLOT_WIDTH, QUIET, by_family
from reidbench.leaderboard.model import Row, Table
from reidbench.leaderboard.render.latency_columns import Case, case_timings

HEIGHT = 240


@dataclass(frozen=True)
class _Cost:
    """What a row costs, None where that is not known.

    ``axis`` are the lines below the axis; ``note`` is a sentence of the description.
    """

    name: str
    axis: Sequence[str]
    of: Callable[[Row], float | None]
    note: str = ""


def parameters_front(
    name: str, what: str, table: Table, families: Mapping[str, str]
) -> Figure | None:
    """Draw mAP against millions of parameters; None for fewer than three rows."""
    heading = "parameters, millions"
    return _front(name, what, table, families, _Cost(heading, [heading], _millions))


def latency_front(
    name: str, what: str, table: Table, families: Mapping[str, str], case: Case, machine: str
) -> Figure | None:
    """Draw mAP against the least milliseconds of a batch, measured on ``machine``.

    Rows whose timings are too wide apart for a verdict are left out. None for fewer than three.
    """
    engine, batch = case
    heading = f"milliseconds a batch of {batch}, {engine}"
    timings = [timing for row in table.unique_rows for timing in case_timings(row, [case])]
    noisy = sum(it is not None and not it.steady for it in timings)
    note = f" {noisy} more: too noisy for a verdict." if noisy else ""
    cost = _Cost(heading, [heading, machine], _least(case), note)
    return _front(name, what, table, families, cost)


def _least(case: Case) -> Callable[[Row], float | None]:
    def of(row: Row) -> float | None:
        (timing,) = case_timings(row, [case])
        return timing.least if timing and timing.steady else None

    return of


def _millions(row: Row) -> float | None:
    return None if row.parameters is None else row.parameters / 1e6


def _front(
    name: str,
    what: str,
    table: Table,
    families: Mapping[str, str],
    cost: _Cost,
) -> Figure | None:
    rows = [
        _datum(row, families, found)
        for row in table.unique_rows
        if row.mean_ap and (found := cost.of(row)) is not None
    ]
    if len(rows) < 3:
        return None
    front = front_of((row["cost"], row["map"], row["label"]) for row in rows)
    where = "".join(f" on {line}" for line in cost.axis[1:])
    said = f"{len(rows)} networks{where}. On the front, the cheapest first: {_list(front)}."
    said += cost.note
    spec = _spec(rows, front, cost.axis)
    return draw(name, f"mAP against {cost.name}: {what}", said, spec)


def front_of(points: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Return the points that no other one beats, the cheapest first, each better than the last."""
    front: list[tuple[float, float, str]] = []
    for point in sorted(points, key=lambda it: (it[0], -it[1], it[2])):
        if not front or point[1] > front[-1][1]:
            front.append(point)
    return front


def _list(front: Sequence[tuple[float, float, str]]) -> str:
    return ", ".join(f"{label} ({score:.1f} % at {cost:.3g})" for cost, score, label in front)


def _spec(
    rows: list[dict[str, Any]], front: Sequence[tuple[float, float, str]], axis: Sequence[str]
) -> Mapping[str, Any]:
    title = list(axis) if len(axis) > 1 else axis[0]
    x = {
        "field": "cost", "type": "quantitative", "title": title, "scale": {"zero": False},
        "axis": {"titleLimit": PLOT_WIDTH + 150},
    }  # fmt: skip
    y = {"field": "map", "type": "quantitative", "title": "mAP %", "scale": {"zero": False}}
    steps = [{"cost": cost, "map": score} for cost, score, _ in front]
    return {
        "width": PLOT_WIDTH + 110,
        "height": HEIGHT,
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "data": values(steps),
                "mark": {
                    "type": "line", "interpolate": "step-after", "color": QUIET,
                    "strokeDash": [4, 3],
                },
            },
            {
                "data": values(rows),
                "mark": {"type": "point", "size": 45, "strokeWidth": 0.8, "opacity": 1},
                "encoding": {
                    "description": {"field": "said", "type": "nominal"},
                    **by_family(row["family"] for row in rows),
                },
            },
        ],
    }  # fmt: skip


def _datum(row: Row, families: Mapping[str, str], cost: float) -> dict[str, Any]:
    score = 100 * row.mean_ap.mean if row.mean_ap else 0.0
    at = f" at {100 * row.reduction:g} %" if row.reduction else ""
    return {
        "label": f"{row.label}{at}",
        "family": families.get(row.method, "other"),
        "cost": round(cost, 5),
        "map": round(score, 4),
        "said": f"{row.label}{at}: mAP {score:.1f} % at {cost:.3g}",
    }
