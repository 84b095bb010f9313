"""Makes ``docs/performance.md`` and its figure: runs the benchmarks, renders what they left.

python tests/benchmarks/report.py                 # everything: half an hour on two cores
python tests/benchmarks/report.py --from A.json   # the page alone, from what was measured
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from tests.support.places import ROOT

PAGE = ROOT / "docs" / "performance.md"
FIGURE = ROOT / "docs" / "images" / "growth.svg"
TEMPLATE = Path(__file__).with_name("page.md")
GROWTH = "grows"
WORST = 3
"""How many of the bars that are not met the page opens with."""

Info = Mapping[str, Any]


def main() -> None:
    """Run what is asked for, and write page and figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--from", dest="measured", type=Path, nargs="+", help="JSON of pytest-benchmark"
    )
    parser.add_argument("--keep", type=Path, help="where to leave what is measured")
    asked = parser.parse_args()
    files = asked.measured or [measure(asked.keep)]
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    PAGE.write_text(page(documents), encoding="utf-8")
    draw([info for info in infos(documents) if GROWTH in info])
    print(f"written: {PAGE.relative_to(ROOT)}, {FIGURE.relative_to(ROOT)}")


def measure(keep: Path | None) -> Path:
    """Run all benchmarks and return the file of what they left."""
    path = keep or Path(tempfile.mkdtemp()) / "measured.json"
    command = [sys.executable, "-m", "pytest", "tests/benchmarks", "-n0", "--benchmark-enable"]
    subprocess.run([*command, f"--benchmark-json={path}"], cwd=ROOT, check=True)
    return path


def page(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of what was measured."""
    everything = list(infos(documents))
    matched = ("scope", "allocation", "reduction", "seconds", "solver ms", "error, points")
    return TEMPLATE.read_text(encoding="utf-8").format(
        opening=opening(everything),
        machine=machine(documents),
        bars=table(("what", "measured", "bar", "", "beside"), bars(everything)),
        matches=table(matched, matches(everything)),
        growth=table(("what", "from", "to", "seconds", "power of growth"), growth(everything)),
        planning=planning(everything),
    )


def infos(documents: Iterable[Mapping[str, Any]]) -> Iterator[Info]:
    """Yield what each benchmark left."""
    for document in documents:
        yield from (one["extra_info"] for one in document["benchmarks"])


def machine(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return the machine and the states of the code, in a line."""
    info = documents[0]["machine_info"]
    cpu = info["cpu"]
    states = dict.fromkeys(_state(document["commit_info"]) for document in documents)
    return (
        f"{cpu.get('brand_raw', '?')}, {cpu.get('count', '?')} cores, "
        f"Python {info['python_version']}; {documents[0]['datetime'][:10]}, "
        f"commit {', '.join(states)}."
    )


def _state(commit: Mapping[str, Any]) -> str:
    return str(commit.get("id", "?"))[:7] + (" with changes" if commit.get("dirty") else "")


def opening(everything: Iterable[Info]) -> str:
    """Return the sentence that says how many bars are met, and which are furthest from it."""
    barred = [info for info in everything if "what" in info]
    missed = sorted((info for info in barred if not met(info)), key=share)
    said = f"**{len(barred) - len(missed)} of {len(barred)} bars are met, {len(missed)} are not**"
    if not missed:
        return f"{said}."
    worst = "; ".join(
        f"{info['what']}: {info['value']:.2f} {info['unit']} ({info['sense']} {info['bar']:g})"
        for info in missed[:WORST]
    )
    return f"{said}, and these are furthest from theirs: {worst}."


def met(info: Info) -> bool:
    """Return whether a figure is on the right side of its bar."""
    value, bar = info["value"], info["bar"]
    return bool(value <= bar if info["sense"] == "at most" else value >= bar)


def share(info: Info) -> float:
    """Return how much of its bar a figure that misses it reaches, below 1."""
    value, bar = float(info["value"]), float(info["bar"])
    return bar / value if info["sense"] == "at most" else value / bar


def bars(everything: Iterable[Info]) -> Iterator[Sequence[str]]:
    """Yield a row for each figure with a bar."""
    for info in everything:
        if "what" not in info:
            continue
        beside = ", ".join(f"{name} {words}" for name, words in info["beside"].items())
        yield (
            info["what"],
            f"{info['value']:.2f} {info['unit']}",
            f"{info['sense']} {info['bar']:g} {info['unit']}",
            "met" if met(info) else "**not met**",
            beside,
        )


def matches(everything: Iterable[Info]) -> Iterator[Sequence[str]]:
    """Yield a row for each target."""
    for info in everything:
        if "solving" in info:
            yield (
                info["scope"],
                info["allocation"],
                f"{info['reduction']:g}",
                f"{info['seconds']:.2f}",
                f"{1000 * info['solving']:.1f}",
                f"{info['error']:.3f}",
            )


def growth(everything: Iterable[Info]) -> Iterator[Sequence[str]]:
    """Yield a row for each cost that grows."""
    for info in everything:
        if GROWTH in info:
            sizes, seconds = info["sizes"], info["seconds"]
            yield (
                info["grows"],
                f"{sizes[0]:,} {info['unit']}",
                f"{sizes[-1]:,}",
                f"{seconds[0]:.2f} to {seconds[-1]:.2f}",
                f"{info['power']:.2f}",
            )


def planning(everything: Iterable[Info]) -> str:
    """Return the sentence on planning many trials."""
    for info in everything:
        if "trials" in info:
            return (
                f"`reidbench plan` on {info['trials']:,} trials, printing included: "
                f"{info['seconds']:.1f} s and {info['memory'] / 1e6:.0f} MB "
                "(bars: 5 s and 500 MB for 10 000)."
            )
    return ""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    return tabulate(list(rows), headers, tablefmt="github", disable_numparse=True)


def draw(growing: Sequence[Info]) -> None:
    """Draw seconds against size, one panel a cost."""
    import matplotlib

    matplotlib.use("svg")
    # The same figure from the same numbers, and letters that are letters.
    matplotlib.rcParams.update({"svg.hashsalt": "reidbench", "svg.fonttype": "none"})
    from matplotlib import pyplot, ticker

    figure, panels = pyplot.subplots(
        1, len(growing), figsize=(3.6 * len(growing), 3.2), squeeze=False
    )
    for panel, info in zip(panels[0], growing, strict=True):
        sizes, seconds = info["sizes"], info["seconds"]
        panel.loglog(sizes, seconds, "o-", color="#1f6f8b", label="measured")
        straight = [seconds[-1] * size / sizes[-1] for size in sizes]
        panel.loglog(sizes, straight, ":", color="#888888", label="in proportion")
        panel.set_title(f"{info[GROWTH]}\npower {info['power']:.2f}", fontsize=9)
        panel.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30, fontsize=7)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_minor_formatter(ticker.NullFormatter())
        panel.set_xlabel(info["unit"])
        panel.set_ylabel("seconds")
        panel.grid(visible=True, which="both", alpha=0.2)
        panel.legend(fontsize=8, frameon=False)
    figure.tight_layout()
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
