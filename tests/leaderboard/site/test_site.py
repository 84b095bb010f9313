from __future__ import annotations

import filecmp
import json
import os
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from reidbench.config.protocol import locked
from reidbench.leaderboard.site.method_text import MethodText
from reidbench.leaderboard.site.names import file_stem
from reidbench.leaderboard.site.write import SiteError, write_site
from reidbench.leaderboard.states import FolderState
from reidbench.results import CURVES, Result, write_curves, write_result
from tests.leaderboard.builders import dense, example, failure, phase, result, twice
from tests.leaderboard.timings import timed_results, write_timings
from tests.results.curves import curves_of_phases
from tests.support.links import Page

EVIL = '</script><img src=x onerror="alert(1)">../../x'


def published(folder: Path, results: list[Result]) -> Path:
    for number, it in enumerate(results):
        write_result(folder / "mine", it.model_copy(update={"key": f"{number:016x}"}))
    return folder


def written(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    card = MethodText("l1", "weights", "Sums | of <weights>.", "# l1\n\n<b onclick=x>hi</b>\n")
    write_site(published(folder / "results-of", example()), folder / "site", [card])
    return folder / "site"


def test_every_kind_of_page_is_there(site: Path) -> None:
    names = set(written(site))
    assert {"index.html", "methods/l1.html", "data/synthped.html", "suites/mine.html"} <= names
    assert {"tables/mine.csv", "figures/mine-t0-50-map.svg", "site.css", "site.js"} <= names
    assert sum(name.startswith("trials/mine/") for name in names) == len(example())


def test_every_link_leads_to_a_page_of_the_site_or_a_place_in_it(site: Path) -> None:
    pages = {path.resolve(): Page(path.read_text()) for path in site.rglob("*.html")}
    checked = 0
    for path, page in pages.items():
        assert len(set(page.names)) == len(page.names), f"{path}: a name is given twice"
        for link in page.links:
            if link.startswith("data:"):
                continue
            target, _, place = unquote(link).partition("#")
            assert "://" not in target, f"{path}: {link} leaves the site"
            file = (path.parent / target).resolve() if target else path
            assert file.is_file(), f"{path}: {link}"
            assert not place or file.suffix != ".html" or place in pages[file].names, f"{link}"
            checked += 1
    assert checked > 100


def test_tables_have_captions_and_headings_with_a_scope(site: Path) -> None:
    for path in site.rglob("*.html"):
        tags = Page(path.read_text()).tags
        own = [tag for tag, _ in tags]
        assert own.count("table") == own.count("caption"), path
        assert all(found.get("scope") for tag, found in tags if tag == "th"), path


def test_seven_columns_stand_in_the_page_and_the_rest_beside_them(site: Path) -> None:
    text = (site / "suites" / "mine.html").read_text()
    heads = text.split("</thead>")[0].count('<th scope="col"')
    rest = json.loads(text.split('id="rest">')[1].split("</script>")[0])
    assert heads == 7
    assert len(rest["rows"]) == text.split("</table>")[0].count('<th scope="row"')
    assert {len(row) for row in rest["rows"]} == {len(rest["headings"])}


def test_latency_stands_beside_the_table_with_its_machine(tmp_path: Path) -> None:
    source = published(tmp_path / "in", timed_results())
    write_timings(source / "mine")
    write_site(source, tmp_path / "site")
    for name in ("index.html", "suites/mine.html"):
        text = (tmp_path / "site" / name).read_text()
        assert '<span class="machine">latency on Some | CPU, 1 thread</span>' in text
        assert 'value="latency"' in text
        columns = json.loads(text.split('id="latency">')[1].split("</script>")[0])
        assert columns["headings"] == ["onnxruntime, batch 1", "onnxruntime, batch 8"]
        timed = {
            tuple(it): order for it, order in zip(columns["rows"], columns["order"], strict=True)
        }
        assert timed["25.0 ms (2.00)", "90.0 ms (-)"] == [25.0, None]
        assert timed["-", "-"] == [None, None]
        assert len(columns["rows"]) == text.split("</table>")[0].count('<th scope="row"')
    assert "images of 3 x 256 x 128, 20 runs each" in text
    assert (tmp_path / "site" / "figures" / "mine-t0-latency-onnxruntime-1.svg").is_file()
    table = (tmp_path / "site" / "tables" / "mine.csv").read_text()
    assert "onnxruntime_batch1_least_ms" in table.splitlines()[0]


def test_without_timings_nothing_speaks_of_latency(site: Path) -> None:
    for name in ("index.html", "suites/mine.html"):
        assert "latency" not in (site / name).read_text()
    assert not list((site / "figures").glob("*latency*"))


def test_every_picture_and_table_can_be_taken_away_for_a_paper(site: Path) -> None:
    figures = {path.stem for path in (site / "figures").glob("*.svg")}
    assert figures and figures == {path.stem for path in (site / "figures").glob("*.pdf")}
    text = (site / "suites" / "mine.html").read_text()
    for name in figures:
        assert f'href="../figures/{name}.pdf" download' in text
    tables = sorted((site / "tables").glob("*.tex"))
    assert tables
    for path in tables:
        assert path.read_text().count(r"\begin{table}") == 1
        assert f'href="../tables/{path.name}" download' in text


def test_what_a_result_or_a_docstring_says_stays_text(tmp_path: Path, site: Path) -> None:
    hostile = [
        dense(),
        result(EVIL, target=EVIL, strategy=EVIL, protocol={"name": EVIL, "sha256": EVIL}),
        result("l1"),
    ]
    sound = hostile[1].model_copy(update={"provenance": {EVIL: EVIL}, "error": EVIL})
    write_site(published(tmp_path / "in", [hostile[0], sound, hostile[2]]), tmp_path / "site")
    pages = list((tmp_path / "site").rglob("*.html"))
    for path in [*pages, *site.rglob("*.html")]:
        tags = Page(path.read_text()).tags
        assert not [
            tag for tag, found in tags if tag == "img" or {"onerror", "onclick"} & set(found)
        ]
        assert [tag for tag, _ in tags].count("script") <= 2
    assert not list(tmp_path.glob("x*")) and len(pages) > 8


def test_the_same_results_give_the_same_bytes_whatever_is_there(tmp_path: Path, site: Path) -> None:
    write_site(site.parent / "results-of", tmp_path / "site", [
        MethodText("l1", "weights", "Sums | of <weights>.", "# l1\n\n<b onclick=x>hi</b>\n")
    ])  # fmt: skip
    (tmp_path / "site" / "stale.html").write_text("from before")
    write_site(site.parent / "results-of", tmp_path / "site", [
        MethodText("l1", "weights", "Sums | of <weights>.", "# l1\n\n<b onclick=x>hi</b>\n")
    ])  # fmt: skip
    assert written(tmp_path / "site") == written(site)
    assert filecmp.dircmp(tmp_path / "site", site).left_only == []


def test_a_folder_that_is_no_site_is_left_alone(tmp_path: Path) -> None:
    source = published(tmp_path / "in", [dense()])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(SiteError, match="nothing is overwritten"):
        write_site(source, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"


def test_a_folder_without_results_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="no results here"):
        write_site(tmp_path, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_states_stand_beside_the_seeds(tmp_path: Path) -> None:
    source = published(tmp_path / "in", example())
    states = {"mine": FolderState("checked", "2026-11-02", "A", "pull request 12")}
    write_site(source, tmp_path / "site", state_of=lambda folder: states[folder.name])
    assert "2/2, checked" in (tmp_path / "site" / "index.html").read_text()


def test_withdrawn_results_answer_nothing_and_say_so_on_every_page(tmp_path: Path) -> None:
    source = published(tmp_path / "in", example())
    (source / "mine").rename(source / "aside")
    published(source, example())
    doubt = FolderState("withdrawn", "2026-11-02", "A", "pull <request> 12")
    states = {"aside": doubt, "mine": FolderState()}
    site = tmp_path / "site"
    write_site(source, site, state_of=lambda folder: states[folder.name])
    index = (site / "index.html").read_text()
    answer, _, table = index.partition('id="board"')
    assert "aside" not in answer and "may be best" in answer
    assert table.index('id="mine-t0-50"') < table.index('id="aside-t0-50"')
    told = "withdrawn since 2026-11-02 by A: pull &lt;request&gt; 12; not ranked"
    assert told in table
    pages = [site / "suites/aside.html", *site.glob("trials/aside/*.html")]
    assert len(pages) > 1 and all(told in page.read_text() for page in pages)
    assert told not in (site / "suites/mine.html").read_text()


def test_the_answer_is_of_the_suite_with_the_most_methods_not_the_most_rows(tmp_path: Path) -> None:
    grid = [
        result(name, mean_ap=0.7, strategy=strategy, seed=seed)
        for name in ("l1", "fpgm")
        for strategy in ("one-shot", "iterative", "layerwise")
        for seed in (0, 1)
    ]
    methods = [
        result(name, mean_ap=0.7, seed=seed)
        for name in ("l1", "fpgm", "taylor", "lamp")
        for seed in (0, 1)
    ]
    bases = [dense(mean_ap=0.8, seed=seed) for seed in (0, 1)]
    source = published(tmp_path / "in", [*bases, *grid])
    write_site(source, tmp_path / "alone")
    assert "of 6 rows may be best" in (tmp_path / "alone" / "index.html").read_text()
    (source / "mine").rename(source / "grid")
    published(source, [*bases, *methods])
    write_site(source, tmp_path / "both")
    assert "of 4 methods may be best" in (tmp_path / "both" / "index.html").read_text()


def on_photographs(made: Result, split: int) -> Result:
    target = f"photos(split={split})"
    changed = {"trial": made.trial.model_copy(update={"target": target}), "drawn": False}
    return made.model_copy(update=changed)


def test_photographs_answer_first_and_drawn_data_below_them(tmp_path: Path) -> None:
    drawn = twice([dense(), result("l1"), result("fpgm"), result("taylor")])
    photographs = [
        on_photographs(it, split) for split in (1, 2) for it in (dense(), result("l1", mean_ap=0.7))
    ]
    source = published(tmp_path / "in", drawn)
    write_site(source, tmp_path / "alone")
    (source / "mine").rename(source / "drawn")
    write_site(published(source, photographs), tmp_path / "both")
    alone, both = (
        (tmp_path / name / "index.html").read_text().partition('id="board"')[0]
        for name in ("alone", "both")
    )
    assert "On drawn data" not in alone and "drawn, not photographed" in alone
    first, below = both.split("On drawn data")
    assert "of 1 method may be best</b> on" in first and "photos, 2 splits" in first
    assert "2 splits a method" in first and "drawn, not photographed" not in first
    assert "of 3 may be best" in below


def test_a_table_with_a_caveat_answers_last_and_says_so(tmp_path: Path) -> None:
    rules = {"name": "smoke/1", "sha256": locked()["smoke/1"]}
    rows = [dense(), result("l1"), result("fpgm"), result("taylor")]
    doubtful = [it.model_copy(update={"protocol": rules}) for it in twice(rows)]
    source = published(tmp_path / "in", doubtful)
    write_site(source, tmp_path / "alone")
    (source / "mine").rename(source / "doubtful")
    write_site(published(source, twice([dense(), result("l1")])), tmp_path / "both")
    alone, both = ((tmp_path / name / "index.html").read_text() for name in ("alone", "both"))
    answer, board = alone.split('id="board"')
    assert "mean nothing" in answer and "mean nothing" in board
    answer, others = both.split('id="board"')[0].split("On other data")
    assert "of 1 method may be best" in answer and "mean nothing" not in answer
    assert "mean nothing" in others
    page = (tmp_path / "both" / "protocols" / f"{file_stem('smoke/1')}.html").read_text()
    assert "mean nothing" in page


def test_rows_of_pooled_splits_link_to_the_trial_of_each(tmp_path: Path) -> None:
    results = [on_photographs(it, split) for split in (1, 2) for it in (dense(), result("l1"))]
    write_site(published(tmp_path / "in", results), tmp_path / "site")
    page = (tmp_path / "site" / "suites" / "mine.html").read_text()
    assert all(f"trials/mine/{number:016x}.html" in page for number in range(4))
    front = (tmp_path / "site" / "index.html").read_text().partition('id="board"')[0]
    assert f"reidbench reproduce in/mine/{1:016x}" in front


def test_where_every_row_may_be_best_the_answer_says_that_nobody_can_tell(tmp_path: Path) -> None:
    rows = [dense(), result("l1", mean_ap=0.7), result("fpgm", mean_ap=0.7)]
    write_site(published(tmp_path / "in", twice(rows)), tmp_path / "site")
    answer = (tmp_path / "site" / "index.html").read_text()
    assert "2 of 2 methods may be best" in answer and "These results tell nobody which" in answer


def test_a_trial_shows_how_it_trained_where_its_curve_is_kept(tmp_path: Path) -> None:
    trained = phase("train", epochs=20).model_copy(update={"key": "a" * 16, "steps": 400})
    pruned = phase("prune", epochs=5).model_copy(update={"key": "b" * 16, "steps": 100})
    source = published(tmp_path / "in", [dense(), result("l1", phases=[trained, pruned])])
    write_site(source, tmp_path / "before")
    write_curves(source / "mine" / CURVES, curves_of_phases([trained, pruned]))
    for site in (tmp_path / "site", tmp_path / "again"):
        write_site(source, site)
    pages = {path.stem: path.read_text() for path in (tmp_path / "site/trials/mine").iterdir()}
    page = pages[f"{1:016x}"]
    assert page.count("<polyline") == 2 * 3
    assert '<line x1="256.0"' in page and "25 epochs" in page
    assert "loss from " in page and '<th scope="row">prune on synthped</th><td>5</td>' in page
    assert "polyline" not in pages[f"{0:016x}"]
    assert written(tmp_path / "site") == written(tmp_path / "again")
    changed = {
        name
        for name, content in written(tmp_path / "site").items()
        if written(tmp_path / "before")[name] != content
    }
    assert changed == {f"trials/mine/{1:016x}.html"}


def test_a_reader_finds_code_submitter_and_the_command_that_runs_a_trial_again(
    tmp_path: Path,
) -> None:
    source = published(tmp_path / "in", twice([dense(), result("l1")]))
    site = tmp_path / "site"
    card = MethodText("l1", "weights", "Sums.", "# l1\n\nCode: `plugins/l1.py`.\n")
    about = {"submitter": "A <lab>", "notes": ""}
    write_site(source, site, [card], about_of=lambda folder: about)
    command = "reidbench reproduce in/mine/"
    trials = sorted((site / "trials/mine").iterdir())
    assert all(f"<code>{command}{path.stem}</code>" in path.read_text() for path in trials)
    answer = (site / "index.html").read_text().partition('id="board"')[0]
    assert answer.count(command) == 1
    assert "<code>plugins/l1.py</code>" in (site / "methods/l1.html").read_text()
    suite = (site / "suites/mine.html").read_text()
    assert "<td>A &lt;lab&gt;</td>" in suite and "notes" not in suite.partition("A &lt;")[2][:40]


def test_a_trial_that_failed_cannot_be_run_again_and_compared(tmp_path: Path) -> None:
    source = published(tmp_path / "in", [dense(), failure(error="no <room>")])
    write_site(source, tmp_path / "site")
    pages = {path.stem: path.read_text() for path in (tmp_path / "site/trials/mine").iterdir()}
    told = ["reidbench reproduce" in pages[f"{number:016x}"] for number in (0, 1)]
    assert told == [True, False]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_folder_whose_name_is_no_text_is_shown_with_its_bytes_escaped(tmp_path: Path) -> None:
    source = published(tmp_path / "in", example())
    (source / "mine").rename(source / os.fsdecode(b"mine\xff"))
    write_site(source, tmp_path / "site")
    assert "mine\\udcff" in (tmp_path / "site" / "index.html").read_text()


@pytest.mark.parametrize("name", ["../../etc", "A", "a", "con", "synthped(domain=b)", "", "é", "."])
def test_a_name_becomes_a_file_name_of_its_own(name: str) -> None:
    stem = file_stem(name)
    assert stem and set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert stem not in {file_stem(other) for other in ("../../etc/", "a-", "b", "con-1")}
    assert (stem == name) == (name == "a")
