"""Two folders side by side, for a terminal."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tabulate import tabulate

from reidbench.leaderboard.comparison import Comparison, PairOfRows
from reidbench.leaderboard.model import Row, TableSetting
from reidbench.leaderboard.order import OrderAgreement
from reidbench.leaderboard.render.columns import NOTHING, percent, signed
from reidbench.leaderboard.render.page import title

HEADS = ("data", "reduction", "method", "mAP A", "mAP B", "Δ A", "Δ B", "B - A", "agree")
LEGEND = """\
mAP in percent. Δ: a row's mAP less that of the dense row in its own folder, in points, because
networks of two machines share no seeds. B - A: of the two Δ, with its 95 % interval; a row agrees
where that holds 0, as nineteen in twenty do where machines make no difference."""
UNJUDGED = "-: not judged. It is the dense row, has a single seed, or has no dense row beside it."
SAME = (
    "same: the very same trials stand in both folders, with the same scores and seconds; that says "
    "nothing of machines."
)
SHARED = (
    "*: some of its trials stand in both folders, so it agrees more easily than results of two "
    "machines."
)
ORDER_LEGEND = (
    "Order: Spearman's rank correlation of the mAP of the methods that both rank, 1 the same order,"
    "\n0 none, -1 the reverse; its 95 % interval is over methods."
)
WORDS = {True: "yes", False: "NO", None: NOTHING}
WIDTH = 100


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
        *(_of(it.setting) for it in (order.first, order.second)),
        str(rho.items),
        f"{rho.value:+.2f} [{rho.low:+.2f}, {rho.high:+.2f}]",
    ]


def _lines(comparison: Comparison, first: str, second: str) -> Iterator[str]:
    yield from (f"A: {first}", f"B: {second}", "")
    if comparison.differing:
        yield tabulate(comparison.differing, headers=["differs", "A", "B"], disable_numparse=True)
    else:
        yield "Made with the same versions, on the same kind of machine."
    yield ""
    alone = (("A", comparison.only_first), ("B", comparison.only_second))
    if comparison.pairs:
        yield tabulate(map(_cells, comparison.pairs), headers=HEADS, disable_numparse=True)
        yield ""
        yield from map(_filled, _verdict(comparison))
        yield from (LEGEND, *map(_filled, _marks(comparison.pairs)))
        yield from (line for name, rows in alone for line in _only(name, rows))
        return
    yield "No row stands in both folders, so nothing is compared: one needs the same data, network,"
    yield "scenario and protocol, and a method at the same reduction."
    yield from (
        f"{name} has {it}"
        for name, rows in alone
        for it in dict.fromkeys(_of(row.setting) for row in rows)
    )


def _of(its: TableSetting) -> str:
    return f"{title(its)}, {its.protocol}"


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
        "same" if pair.is_same else WORDS[pair.agrees] + ("*" if pair.repeated else ""),
    ]


def _verdict(comparison: Comparison) -> Iterator[str]:
    judged = comparison.judged
    if not judged:
        yield "None of these rows can be judged."
        return
    against = [_name(it.first) for it in judged if not it.agrees]
    yield f"{len(judged) - len(against)} of {len(judged)} rows agree" + (
        f"; these do not: {', '.join(against)}." if against else "."
    )


def _marks(pairs: Sequence[PairOfRows]) -> Iterator[str]:
    if any(it.agrees is None and not it.is_same for it in pairs):
        yield UNJUDGED
    if any(it.is_same for it in pairs):
        yield SAME
    if any(it.repeated and not it.is_same for it in pairs):
        yield SHARED


def _only(name: str, rows: Iterable[Row]) -> Iterator[str]:
    """Yield the rows of one folder alone, a line a reduction of a table."""
    groups: dict[tuple[str, float], list[str]] = defaultdict(list)
    for row in rows:
        groups[_of(row.setting), row.reduction].append(row.label)
    if groups:
        yield f"\nOnly in {name}:"
    for (table, reduction), labels in groups.items():
        yield _filled(f"{table}, {100 * reduction:g} %: {', '.join(labels)}", "  ")


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=2 * indent, break_on_hyphens=False
    )


def _name(row: Row) -> str:
    return f"{row.label} at {100 * row.reduction:g} %"
