"""What a regime's measurements say, as docs/protocols.md has it: ``... report LOG.jsonl``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from tests.simulations.printing import markdown_table

Line = Mapping[str, Any]


def report(lines: Sequence[Line]) -> str:
    """Return the table of bars, and the retraining curve; what is not measured is left out."""
    return "\n\n".join(part for part in (_bars(lines), _curve(lines)) if part)


def _bars(lines: Sequence[Line]) -> str:
    return markdown_table(("what", "measured", "bar"), [*_convergence(lines), *_noise(lines)])


def _convergence(lines: Sequence[Line]) -> Iterable[tuple[str, str, str]]:
    base = _all(lines, question="base", method=None, train=1.0)[0]
    yield (
        "dense, trained once",
        f"{base['mAP']:.1f} mAP, {base['rank-1']:.1f} rank-1",
        ("mAP <= 85, rank-1 75 to 95"),
    )
    for longer in _all(lines, question="base", method=None, train=1.5):
        yield "half as many epochs again", _gain(longer, base), "< +0.5"
    for further in _all(lines, question="base", method="dense"):
        yield "the dense row's own prune phase", _gain(further, base), "within 0.5"
        for slim in _all(lines, question="scratch-b"):
            name = f"`scratch-b` at {slim['reduction']:.0%} to the dense row"
            yield name, _gain(slim, further), "<= 0"


def _noise(lines: Sequence[Line]) -> Iterable[tuple[str, str, str]]:
    for name, method in (("the base network", None), ("`l1` at 50%", "l1")):
        seeds = [line["mAP"] for line in _all(lines, question="seeds", method=method)]
        if len(seeds) < 2:
            continue
        deviation = stdev(seeds)
        yield (
            f"{name}, deviation over {len(seeds)} seeds",
            f"{deviation:.2f}",
            ("<= 0.6" if method else ""),
        )
        apart = fmean(abs(a - b) for i, a in enumerate(seeds) for b in seeds[:i])
        for other in _all(lines, question="threads", method=method):
            moved = abs(other["mAP"] - seeds[0])
            yield f"{name}, one thread to two", f"{moved:.2f}", f"< {apart:.2f}, two seeds"
    if len(apart_of_base := _to_base(lines)) > 1:
        yield "`l1` at 50% to its base network, the same", f"{stdev(apart_of_base):.2f}", ""


def _to_base(lines: Sequence[Line]) -> list[float]:
    """Return by how much each seed's cut network differs from its base network.

    Tables compare rows of one base network: what a seed does to all of them is in no difference.
    """
    base = {line["seed"]: line["mAP"] for line in _all(lines, question="seeds", method=None)}
    cut = {line["seed"]: line["mAP"] for line in _all(lines, question="seeds", method="l1")}
    return [cut[seed] - base[seed] for seed in cut if seed in base]


def _curve(lines: Sequence[Line]) -> str:
    curve = _all(lines, question="curve")
    lengths = sorted({round(line["epochs"], 2) for line in curve})
    rows = dict.fromkeys((line["method"], line["reduction"]) for line in curve)
    found = {(it["method"], it["reduction"], round(it["epochs"], 2)): it["mAP"] for it in curve}
    cells = [
        [f"`{method}`", f"{reduction:.0%}"]
        + [f"{found[at]:.1f}" if (at := (method, reduction, it)) in found else "" for it in lengths]
        for method, reduction in sorted(rows, key=lambda row: (row[1], row[0]))
    ]
    heads = ["method", "fewer MACs", *(f"{length:g} epochs" for length in lengths)]
    return markdown_table(heads, cells) if curve else ""


def _all(lines: Sequence[Line], **values: Any) -> list[Line]:
    return [line for line in lines if values.items() <= line.items()]


def _gain(line: Line, other: Line) -> str:
    return f"{line['mAP'] - other['mAP']:+.2f} mAP"


if __name__ == "__main__":
    print(report([json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]))
