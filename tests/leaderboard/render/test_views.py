"""Parts of a leaderboard in other forms: what was chosen, every name escaped."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.leaderboard import (
    ViewError,
    build,
    columns_named,
    part_of,
    to_bibtex,
    to_html,
    to_json,
    to_latex,
    to_markdown,
)
from reidbench.results import PACK, write_pack
from tests.leaderboard.builders import dense, example, result, twice
from tests.leaderboard.pages import cells

NASTY = r"a_b&c%d$e#f{g}h~i^j\k<script>é漢"


def labels(*where: str, **asked: object) -> list[str]:
    board = part_of(build(example()), where, **asked)  # type: ignore[arg-type]
    return [row.label for table in board.tables for it in table.sections for row in it.rows]


def test_rows_are_those_that_meet_every_condition() -> None:
    assert set(labels("method=l1", reductions=[0.75])) == {"l1 (one-shot, uniform)"}
    assert {label.split()[0] for label in labels("method=l1", "method=random")} == {"l1", "random"}
    assert labels("method=l1", "strategy=iterative") == ["l1 (iterative, global)"]
    assert {label.split()[0] for label in labels("control=true")} == {"random", "scratch-b"}


def test_values_are_compared_and_not_spellings() -> None:
    names = ("slimming(strength=0.0001)", "slimming(strength=0.001)", "l1")
    board = build([dense(), *(result(name) for name in names)])

    def found(*where: str) -> set[str]:
        (table,) = part_of(board, where).tables
        return {row.method for section in table.sections for row in section.rows}

    assert found("method=slimming( strength = 1e-4 )") == {names[0]}
    assert found("method = strength=1e-3") == {names[1]}
    assert found("method=slimming", "control=False") == set(names[:2])  # a name is all its variants
    with pytest.raises(ViewError, match="no row is left"):
        found("method=slimming(strength=1e-5)")


def test_ranks_stay_those_among_all_rows() -> None:
    board = build(twice([dense(), result("l1"), result("fpgm", mean_ap=0.5)]))
    (row,) = part_of(board, ["method=fpgm"]).tables[0].sections[0].rows
    assert row.rank is not None and not row.rank.may_be_best


@pytest.mark.parametrize(("sort", "expected"), [("map", True), ("-map_percent", False)])
def test_rows_are_sorted_by_a_column_the_unknown_last(sort: str, expected: bool) -> None:
    board = part_of(build(example()), sort=sort)
    rows = board.tables[0].sections[0].rows
    found = [row.mean_ap.mean for row in rows if row.mean_ap]
    assert found == sorted(found, reverse=not expected) and len(found) > 3
    assert rows[-1].mean_ap is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--where", "backbone=vgg"], "no row is left with backbone=vgg"),
        (["--where", "bakbone=vgg"], "did you mean 'backbone'"),
        (["--where", "backbone"], "expected FIELD=VALUE"),
        (["--where", "method=l1", "--where", "method=l3"], "no row is left with method=l3"),
        (["--reduction", "0.3"], "no row is left with reduction 0.3: they have 0"),
        (["--reduction", "0.5", "--reduction", "0.3"], "no row is left with reduction 0.3"),
        (["--columns", "maps"], "did you mean 'map'"),
        (["--sort", "colour"], "--sort: no column 'colour'"),
        (["--format", "csv", "--columns", "map"], "csv has all of them"),
        (["--format", "csv", "--out", "."], "--out is for the whole pages"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, words: list[str], told: str) -> None:
    write_pack(tmp_path / PACK, example())
    done = CliRunner().invoke(cli, ["leaderboard", str(tmp_path), *words])
    assert isinstance(done.exception, ViewError)
    assert told in str(done.exception)


def test_a_part_is_printed_and_nothing_is_written(tmp_path: Path) -> None:
    write_pack(tmp_path / PACK, example())
    words = ["leaderboard", str(tmp_path), "--columns", "minp,epochs", "--where", "method=l1"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0 and "mINP %" in done.output and "random" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == [PACK]


def test_json_has_numbers_as_numbers() -> None:
    document = json.loads(to_json(build(example())))
    rows = document["tables"][0]["sections"][0]["rows"]
    assert all(isinstance(row["map_percent"], float | None) for row in rows) and len(rows) > 5


def test_a_page_shows_seven_columns_unless_others_are_asked_for() -> None:
    board = build(twice([dense(), result("l1")]))
    assert len(cells(to_markdown(board))[0]) == 7
    assert "mINP %" in cells(to_markdown(board, columns_named("minp,seeds")))[0]


def test_names_are_escaped() -> None:
    board = build(twice([dense(), result(NASTY)]))
    text = to_latex(board)
    assert r"a\_b\&c\%d\$e\#f\{g\}h\textasciitilde{}i\textasciicircum{}j\textbackslash{}k" in text
    assert "é?" in text and "<script>" not in text
    page = to_html(board)
    assert "&lt;script&gt;" in page and "<script" not in page


def test_a_latex_caption_says_over_what_its_intervals_are() -> None:
    def caption(*targets: str) -> str:
        rows = [row for it in targets for row in (dense(target=it), result("l1", target=it))]
        return to_latex(build(rows))

    assert "other seeds and other test people would" in caption("photos")
    pooled = caption("photos(split=1)", "photos(split=2)")
    assert "other splits of the same people would" in pooled and "other test people" not in pooled


def test_every_row_that_may_be_best_is_bold_and_the_caption_says_what_numbers_are() -> None:
    methods = (("l1", 0.7), ("fpgm", 0.7001), ("random", 0.5))
    text = to_latex(build(twice([dense(), *(result(it, mean_ap=ap) for it, ap in methods)])))
    assert {"l1", "fpgm"} == set(re.findall(r"& \\textbf\{(\w+)\}", text))
    for fact in ("2 seeds", "sample standard deviation", r"95 \% t interval", "synthped", "drawn"):
        assert fact in text


def test_bibtex_has_an_entry_a_method_with_a_source() -> None:
    references = {
        "l1": "Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017",
        "fpgm": "a web page & more",
        "dense": "-",
    }
    text = to_bibtex(build([dense(), result("l1"), result("fpgm")]), references)
    assert "@misc{l1,\n  author = {Li and others},\n  title = {Pruning Filters" in text
    assert "year = {2017}" in text and r"note = {a web page \& more}" in text
    assert "dense" not in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_compiles_it(tmp_path: Path) -> None:
    board = build([*example(), *twice([result(NASTY, mean_ap=0.6)])])
    setup, body = to_latex(board, columns_named("how,map,delta_map,seeds")).split("\n", 1)
    (tmp_path / "page.tex").write_text(
        f"\\documentclass{{article}}\n{setup.removeprefix('% ')}\n"
        f"\\begin{{document}}\n{body}\\end{{document}}\n",
        encoding="utf-8",
    )
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
