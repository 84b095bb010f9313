"""Two folders side by side, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tabulate import tabulate

from reidbench.leaderboard.comparison import Comparison, PairOfRows
from reidbench.leaderboard.model import Row, Table
from reidbench.leaderboard.order import OrderAgreement
from reidbench.leaderboard.render.columns import NOTHING, percent, signed

LEGEND = (
    "mAP in percent, differences in points. Each row is compared with the dense row of its own "
    "folder,\nbecause networks of two machines share no seeds. They agree where the 95 % interval "
    "of B - A holds 0;\n'-': a single seed, or no dense row, says nothing."
)
ORDER_LEGEND = (
    "Order: Spearman's rank correlation of the mAP of the methods that both rank, 1 the same order,"
    "\n0 none, -1 the reverse; its 95 % interval is over methods."
)
WORDS = {True: "yes", False: "NO", None: NOTHING}


def to_side_by_side(
    comparison: Comparison, first: str, second: str, orders: Sequence[OrderAgreement] = ()
) -> str:
    """Write what differs between two folders, their common rows, how many agree, and the orders."""
    return "\n".join([*_lines(comparison, first, second), *_orders(orders)]) + "\n"


def _orders(orders: Sequence[OrderAgreement]) -> Iterator[str]:
    if not orders:
        return
    heads = ["red.", "A", "B", "methods", "order [95 %]"]
    yield "\n" + tabulate(map(_order_cells, orders), headers=heads, disable_numparse=True)
    yield f"\n{ORDER_LEGEND}"


def _order_cells(order: OrderAgreement) -> list[str]:
    rho = order.correlation
    return [
        f"{100 * order.reduction:g} %",
        _table(order.first),
        _table(order.second),
        str(rho.items),
        f"{rho.value:+.2f} [{rho.low:+.2f}, {rho.high:+.2f}]",
    ]


def _table(table: Table) -> str:
    its = table.setting
    drawn = " (drawn)" if its.drawn else ""
    return f"{its.target}{drawn}, {its.backbone}, {its.scenario}, {its.protocol}"


def _lines(comparison: Comparison, first: str, second: str) -> Iterator[str]:
    yield from (f"A: {first}", f"B: {second}", "")
    if comparison.differing:
        yield tabulate(comparison.differing, headers=["differs", "A", "B"], disable_numparse=True)
    else:
        yield "Made with the same versions, on the same kind of machine."
    yield ""
    heads = ["data", "red.", "method", "mAP A", "mAP B", "Δ A", "Δ B", "B - A", "agree"]
    yield tabulate([_cells(it) for it in comparison.pairs], headers=heads, disable_numparse=True)
    yield ""
    judged = [it.agrees for it in comparison.pairs if it.agrees is not None]
    yield f"{sum(judged)} of {len(judged)} rows agree. {LEGEND}"
    for name, rows in (("A", comparison.only_first), ("B", comparison.only_second)):
        if rows:
            yield f"Only in {name}: {', '.join(dict.fromkeys(map(_name, rows)))}"


def _cells(pair: PairOfRows) -> list[str]:
    row, other = pair.first, pair.second
    half, off = pair.half_width, pair.difference
    return [
        f"{row.setting.target}, {row.setting.backbone}, {row.setting.scenario}",
        f"{100 * row.reduction:g} %",
        row.label,
        *(percent(it.mean_ap and it.mean_ap.mean) for it in (row, other)),
        *(NOTHING if it.delta is None else signed(it.delta) for it in (row, other)),
        NOTHING if off is None else signed(off) + (f" ± {percent(half)}" if half else ""),
        WORDS[pair.agrees],
    ]


def _name(row: Row) -> str:
    return f"{row.label} at {100 * row.reduction:g} %"
