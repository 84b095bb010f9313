"""What a reader is shown of claims: sections compared with the ones in ``golden/``.

After a change that is meant, delete a section and run its test: it fails once, and writes it.
"""

from __future__ import annotations

import re
import time

import pytest

from reidbench.config.claim import Claim
from reidbench.leaderboard import Leaderboard, build, claims_to_csv, to_markdown, to_terminal
from tests.leaderboard.builders import dense, example, result
from tests.leaderboard.claim_cases import claim
from tests.leaderboard.pages import assert_golden, cells, csv_rows

CLAIMS = (
    claim(
        name="half-the-macs",
        says="Half the MACs cost at most five points.",
        source="A paper, claim 1",
        rows={"method": "l1", "reduction": 0.5},
        at_least=-5,
    ),
    claim(
        name="better-than-chance",
        says="Whoever chooses does better than chance.",
        rows={"method": "l1"},
        against={"method": "random"},
        more_than=8,
        judge="each",
    ),
    claim(
        name="no-matter-when",
        says="It does not matter when channels go.",
        rows={"method": "l1", "reduction": 0.5},
        against="each-other",
        within=0.3,
    ),
    claim(
        name="at-once",
        says="Half the MACs cost at most five points of rank-1.",
        metric="rank-1",
        rows={"method": "l1", "reduction": 0.5},
        at_least=-5,
    ),
    claim(name="somewhere-else", says="Something of BAFD.", rows={"method": "bafd"}),
)


def board(claims: tuple[Claim, ...] = CLAIMS) -> Leaderboard:
    return build(example(), claims)


def markdown(leaderboard: Leaderboard) -> str:
    page = to_markdown(leaderboard)
    return page[page.index("## Claims") : page.index("## Provenance")]


def terminal(leaderboard: Leaderboard) -> str:
    page = to_terminal(leaderboard)
    return page[page.index("Claims ---") : page.index("Rank: ")]


SECTIONS = {"claims.md": markdown, "claims.txt": terminal, "claims.csv": claims_to_csv}


@pytest.mark.parametrize("name", SECTIONS)
def test_the_section_is_the_golden_one(name: str) -> None:
    assert_golden(name, SECTIONS[name](board()))


def test_the_golden_claims_end_in_every_way() -> None:
    standings = [verdict.standing for verdict in board().claims]
    assert standings == ["supported", "refuted", "undecided", "undecided", "undecided"]


def test_without_claims_nothing_is_said_of_them() -> None:
    for page in (to_markdown, to_terminal):
        assert page(board(())) == page(build(example()))
        assert "claim" not in page(board(())).lower()
    assert claims_to_csv(board(())) == ""


def test_the_pages_say_once_how_a_verdict_comes_about() -> None:
    for page in (to_markdown, to_terminal):
        text = " ".join(page(board()).split())
        assert text.count("supported if the whole 95 % interval") == 1
        assert "Nothing is corrected for the number of claims." in text


def test_every_markdown_row_has_as_many_cells_as_its_head() -> None:
    rows = cells(markdown(board()))
    assert len(rows) == 2 + len(CLAIMS)
    assert {len(row) for row in rows} == {6}


def test_a_sentence_cannot_break_the_page_or_inject_html() -> None:
    page = markdown(board((claim(says="<b>a</b> | [b](c) *d*"),)))
    assert "<b>" not in page.replace("\\<", "")
    assert r"\<b\>a\</b\> \| \[b\](c) \*d\*" in page


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_the_terminal_section_is_no_wider_than_the_terminal(width: int) -> None:
    page = to_terminal(build([dense(), result("l1")], CLAIMS), width)
    section = page[page.index("Claims ---") : page.index("Rank: ")]
    assert max(map(len, section.splitlines())) <= width


def test_csv_cells_are_numbers_words_or_nothing() -> None:
    rows = csv_rows(claims_to_csv(board()))
    assert [row["claim"] for row in rows] == [it.name for it in CLAIMS]
    for row in rows:
        numbers = [row[name] for name in row if re.search("points|low|high|pairs", name)]
        assert len(numbers) == 9
        assert all(cell == "" or float(cell) == float(cell) for cell in numbers)
    assert (rows[0]["at_least_points"], rows[0]["within_points"]) == ("-5.0", "")
    assert (rows[2]["at_least_points"], rows[2]["within_points"]) == ("", "0.3")
    assert rows[3]["difference_points"] == ""


def test_claims_on_a_large_test_set_are_judged_in_a_moment() -> None:
    """As many queries and identities as Market-1501's, three targets, and as many pairs as come."""
    pids = [pid for pid in range(750) for _ in range(4)]
    found = [0.5 + (query * 37 % 100) / 400 for query in range(len(pids))]
    results = [
        result(
            f"m{number}",
            seed=seed,
            target=target,
            key=f"{number}{seed}{target}",
            average_precision=[value - 0.01 * number for value in found],
            pids=pids,
        )
        for number in range(6)
        for seed in range(2)
        for target in ("a", "b", "c")
    ]
    claims = [
        claim(name=f"claim-{n}", rows={}, against={"method": f"m{n}"}, at_least=-1)
        for n in range(3)
    ]
    alike = claim(rows={}, against="each-other", within=1)
    start = time.process_time()
    verdicts = build(results, [*claims, alike]).claims
    assert time.process_time() - start < 3
    assert [len(verdict.pairs) for verdict in verdicts] == [15, 15, 15, 45]
