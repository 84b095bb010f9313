"""What a regime's measurements say, as docs/protocols.md has it: ``... report LOG.jsonl``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev

from tests.regime.lines import Line, Row, alike, gain
from tests.regime.sourced_report import scenarios, sourced_convergence
from tests.simulations.printing import markdown_table


def report(lines: Sequence[Line]) -> str:
    """Return the tables of each backbone and protocol; what is not measured is left out.

    They are of bars, of scenarios where there is a source, and of the retraining curve.
    """
    return "\n\n".join(_report(name, its) for name, its in _by_what(lines).items())


def _by_what(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Return the lines by backbone and protocol; a log of one thing alone may name neither."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        name = f"{line['backbone']}, protocol {line['protocol']}" if "backbone" in line else ""
        found.setdefault(name, []).append(line)
    return found


def _report(name: str, lines: Sequence[Line]) -> str:
    parts = (name, _bars(lines), scenarios(lines), _curve(lines))
    return "\n\n".join(part for part in parts if part)


def _bars(lines: Sequence[Line]) -> str:
    has_source = alike(lines, question="source") or alike(lines, scenario="scenario-3")
    convergence = sourced_convergence(lines) if has_source else _convergence(lines)
    rows = [*convergence, *_noise(lines)]
    return markdown_table(("what", "measured", "bar"), rows) if rows else ""


def _convergence(lines: Sequence[Line]) -> Iterator[Row]:
    for base in alike(lines, question="base", method=None, train=1.0):
        score = f"{base['mAP']:.1f} mAP, {base['rank-1']:.1f} rank-1"
        yield "dense, trained once", score, "mAP <= 85, rank-1 75 to 95"
        for longer in alike(lines, question="base", method=None, train=1.5):
            yield "half as many epochs again", gain(longer, base), "< +0.5"
        for further in alike(lines, question="base", method="dense"):
            yield "the dense row's own prune phase", gain(further, base), "within 0.5"
            for slim in alike(lines, question="scratch-b"):
                name = f"`scratch-b` at {slim['reduction']:.0%} to the dense row"
                yield name, gain(slim, further), "<= 0"


def _noise(lines: Sequence[Line]) -> Iterator[Row]:
    for name, method in (("the base network", None), ("`l1` at 50%", "l1")):
        seeds = [line["mAP"] for line in alike(lines, question="seeds", method=method)]
        if len(seeds) < 2:
            continue
        deviation = stdev(seeds)
        yield (
            f"{name}, deviation over {len(seeds)} seeds",
            f"{deviation:.2f}",
            ("<= 0.6" if method else ""),
        )
        apart = fmean(abs(a - b) for i, a in enumerate(seeds) for b in seeds[:i])
        for other in alike(lines, question="threads", method=method):
            moved = abs(other["mAP"] - seeds[0])
            yield f"{name}, one thread to two", f"{moved:.2f}", f"< {apart:.2f}, two seeds"
    if len(apart_of_base := _to_base(lines)) > 1:
        yield "`l1` at 50% to its base network, the same", f"{stdev(apart_of_base):.2f}", ""


def _to_base(lines: Sequence[Line]) -> list[float]:
    """Return by how much each seed's cut network differs from its base network.

    Tables compare rows of one base network: what a seed does to all of them is in no difference.
    """
    base = {line["seed"]: line["mAP"] for line in alike(lines, question="seeds", method=None)}
    cut = {line["seed"]: line["mAP"] for line in alike(lines, question="seeds", method="l1")}
    return [cut[seed] - base[seed] for seed in cut if seed in base]


def _curve(lines: Sequence[Line]) -> str:
    curve = alike(lines, question="curve")
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


if __name__ == "__main__":
    print(report([json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]))
