"""What measurements of a regime with a source say: whether each phase of a scenario converges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.regime.cases import FINE_TUNED
from tests.regime.lines import Line, Row, alike, gain
from tests.simulations.printing import markdown_table


def sourced_convergence(lines: Sequence[Line]) -> Iterator[Row]:
    """Yield what is known of the source, of the target, and of the dense rows: what, value, bar."""
    yield from _on_the_source(lines)
    base = alike(lines, question="base", method=None, scenario=FINE_TUNED, train=1.0, source=1.0)
    for it in base:
        score = f"{it['mAP']:.1f} mAP, {it['rank-1']:.1f} rank-1"
        yield "dense, trained on source and target", score, "mAP <= 85, rank-1 75 to 95"
        yield from _to_the_base(lines, it)
    yield from _dense_rows(lines)


def _on_the_source(lines: Sequence[Line]) -> Iterator[Row]:
    of_source = alike(lines, question="source", scenario="source-only")
    for once in alike(of_source, method=None, source=1.0):
        yield "dense on the source", f"{once['accuracy']:.1f} % of unseen pictures", ""
        others = [("half as many source epochs again", it) for it in alike(of_source, source=1.5)]
        others += [("its own source prune phase", it) for it in alike(of_source, method="dense")]
        for name, other in others:
            yield name, gain(other, once, "accuracy", "points of accuracy"), "within 1"


def _to_the_base(lines: Sequence[Line], base: Line) -> Iterator[Row]:
    dense = alike(lines, question="base", method=None)
    for it in alike(dense, scenario=FINE_TUNED, train=1.5):
        yield "half as many target epochs again", gain(it, base), "< +0.5"
    for it in alike(dense, scenario=FINE_TUNED, source=1.5):
        yield "after half as many source epochs again", gain(it, base), "< +0.5"
    for it in alike(dense, scenario="target-only"):
        yield "without the source", gain(it, base), "< 0"
    for it in alike(lines, question="base", method="dense", scenario=FINE_TUNED):
        yield "the dense row's own prune phase", gain(it, base), "within 0.5"


def _dense_rows(lines: Sequence[Line]) -> Iterator[Row]:
    for row in alike(lines, question="base", method="dense", scenario=FINE_TUNED):
        for number in (1, 4):
            scenario = f"scenario-{number}"
            for it in alike(lines, question="base", method="dense", scenario=scenario):
                yield f"the dense row of {scenario} to {FINE_TUNED}'s", gain(it, row), "within 1"
        for slim in alike(lines, question="scratch-b"):
            yield f"`scratch-b` at {slim['reduction']:.0%} to it", gain(slim, row), "<= 0"


def scenarios(lines: Sequence[Line]) -> str:
    """Return a table of mAP by method, reduction and scenario; empty if nothing was measured."""
    found = alike(lines, question="scenarios")
    at = {(it["method"], it["reduction"], it["scenario"]): f"{it['mAP']:.1f}" for it in found}
    names = sorted({it["scenario"] for it in found})
    rows = [
        [f"`{method}`", f"{reduction:.0%}", *(at.get((method, reduction, it), "") for it in names)]
        for method, reduction in dict.fromkeys((method, reduction) for method, reduction, _ in at)
    ]
    return markdown_table(["method", "fewer MACs", *names], rows) if rows else ""
