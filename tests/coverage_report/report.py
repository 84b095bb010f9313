"""Makes ``docs/coverage.md``: tries every network, and renders what came of it.

python -m tests.coverage_report.report            # goes on where it stopped: half an hour of CPU
python -m tests.coverage_report.report --page     # the pages alone, from what was tried
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from tests.support.places import ROOT

PAGE = ROOT / "docs" / "coverage.md"
TUTORIAL = ROOT / "docs" / "pruning-your-network.md"
MEASURED = ROOT / "docs" / "coverage.jsonl"
TEMPLATE = Path(__file__).with_name("page.md")
LEAST = 0.05
"""The share of MACs below which there is nothing worth removing in a scope."""
PEERS = "peers"
VERDICTS = ("inner + all", "all only", "nothing to remove", "refused", "wrong", "crash")
LONGEST = 230
_MARKS = re.compile(r"(<!-- peers -->\n).*?(\n<!-- end of peers -->)", re.DOTALL)

Row = Mapping[str, Any]


def main() -> None:
    """Try what has not been tried, and write the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--page", action="store_true", help="try nothing, write the pages")
    parser.add_argument("--again", action="store_true", help="try everything anew")
    parser.add_argument("--jobs", type=int, default=1, help="networks at a time")
    asked = parser.parse_args()
    if not asked.page:
        try_all(asked.jobs, again=asked.again)
    from tests.coverage_report.survey import rows

    found = list(rows(MEASURED).values())
    PAGE.write_text(page(found), encoding="utf-8")
    TUTORIAL.write_text(tutorial(TUTORIAL.read_text(encoding="utf-8"), found), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}, {TUTORIAL.relative_to(ROOT)}")


def try_all(jobs: int, *, again: bool) -> None:
    """Try every network, and the ten that are compared, unless ``MEASURED`` has them."""
    from tests.coverage_report.architectures import by_key
    from tests.coverage_report.peers import NETWORKS
    from tests.coverage_report.survey import survey

    if again:
        MEASURED.unlink(missing_ok=True)
    survey([*by_key(), *(f"{PEERS}/{name}" for name in NETWORKS)], MEASURED, jobs)


def page(rows: Iterable[Row]) -> str:
    """Return the page of what was tried."""
    tried = sorted(
        (row for row in rows if row["source"] != PEERS),
        key=lambda row: (row["source"], VERDICTS.index(row["verdict"]), row["name"]),
    )
    sources = dict.fromkeys(row["source"] for row in tried)
    return TEMPLATE.read_text(encoding="utf-8").format(
        opening=opening(tried),
        least=LEAST,
        summary=summary(tried, list(sources)),
        tables="\n\n".join(
            f"## {source}\n\n{networks([row for row in tried if row['source'] == source])}"
            for source in sources
        ),
    )


def opening(tried: Sequence[Row]) -> str:
    """Return the sentence that says how many networks pass."""
    counts = Counter(row["verdict"] for row in tried)
    passed = counts["inner + all"] + counts["all only"]
    half = sum(row.get("reached") is not None and row["asked"] == 0.5 for row in tried)
    return (
        f"**{len(tried)} architectures were tried: {passed} can be pruned, {half} of them to half"
        f" their MACs; {counts['nothing to remove']} have nothing to remove,"
        f" {counts['refused']} are refused in a sentence, {counts['wrong']} are wrong,"
        f" {counts['crash']} crash.**"
    )


def summary(tried: Sequence[Row], sources: Sequence[str]) -> str:
    """Return how many networks of each source came to which verdict."""
    counts = Counter((row["source"], row["verdict"]) for row in tried)
    table = [[source, *(counts[source, verdict] for verdict in VERDICTS)] for source in sources]
    return tabulate(table, ["", *VERDICTS], tablefmt="github")


def networks(rows: Iterable[Row]) -> str:
    """Return a table of networks."""
    headers = ("network", "input", "verdict", "inner", "all", "seconds")
    headers += ("GMACs", "reached", "why not more")
    table = [_cells(row) for row in rows]
    return tabulate(table, headers, tablefmt="github", disable_numparse=True)


def _cells(row: Row) -> Iterator[str]:
    verdict = row["verdict"]
    yield row["name"]
    yield "x".join(map(str, row["size"])) if "size" in row else ""
    yield f"**{verdict}**" if verdict in ("wrong", "crash") else verdict
    for scope in ("inner", "all"):
        yield f"{row[scope]:.2f}" if scope in row else ""
    yield f"{row['capture']:.1f}" if "capture" in row else ""
    yield f"{row['macs'] / 1e9:.3f}" if "macs" in row else ""
    yield f"{100 * row['reached']:.1f} %" if "reached" in row else ""
    yield _cell(row.get("reason", ""))


def _cell(text: str) -> str:
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return short.replace("|", "\\|").replace("<", "&lt;")


def tutorial(text: str, rows: Iterable[Row]) -> str:
    """Return the tutorial with the table of what peers make of the same networks."""
    compared = [row for row in rows if row["source"] == PEERS]
    if not compared:
        return text
    return _MARKS.sub(lambda marks: marks[1] + peers(compared) + marks[2], text)


def peers(compared: Sequence[Row]) -> str:
    """Return the table of networks that more than one library pruned."""
    ways = list(compared[0]["ways"])
    table = [
        [row["name"], *(_outcome(row["ways"][way]) for way in ways)]
        for row in sorted(compared, key=lambda row: str(row["name"]))
    ]
    titles = [f"{way} ({row['lines']} lines)" for way, row in compared[0]["ways"].items()]
    return tabulate(table, ["asked: 50 %", *titles], tablefmt="github", disable_numparse=True)


def _outcome(way: Row) -> str:
    reached = "" if way["reached"] is None else f"{100 * way['reached']:.1f} %"
    return _cell("; ".join(part for part in (reached, way["breaks"]) if part))


if __name__ == "__main__":
    main()
