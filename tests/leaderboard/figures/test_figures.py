from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reidbench.api.events import CurvePoint
from reidbench.config.claim import Claim
from reidbench.leaderboard import build, with_latency_beside
from reidbench.leaderboard.figures import Figure, claim_figures, table_figures
from reidbench.leaderboard.figures.front import front_of
from reidbench.leaderboard.figures.pdf import to_pdf
from reidbench.leaderboard.figures.training_curves import training_curves
from reidbench.results import Result, Width
from tests.leaderboard.builders import dense, example, result
from tests.leaderboard.timings import DOCUMENT, timed_results, write_timings

EVIL = "</title><script>alert(1)</script>"


def drawn(results: list[Result]) -> dict[str, Figure]:
    (table,) = build(results).tables
    return {it.name: it for it in table_figures("s", table, results, {"l1": "weights"})}


def with_widths(results: list[Result]) -> list[Result]:
    widths = {"conv1": Width(kept=16, size=64), "conv2": Width(kept=64, size=64)}
    return [it.model_copy(update={"widths": widths}) for it in results]


def test_a_table_has_a_picture_of_all_that_its_results_hold() -> None:
    figures = drawn(with_widths(example()))
    assert {"s-50-map", "s-50-recovery", "s-50-widths", "s-parameters"} <= set(figures)
    assert "s-50-widths" not in drawn(example())


def grid(
    *strategies: tuple[str, str], methods: Sequence[str] = ("l1", "random", "taylor")
) -> list[Result]:
    scores = {"l1": 0.7, "taylor": 0.72, "random": 0.65}
    return [
        result(
            method,
            mean_ap=scores[method] - 0.01 * index,
            strategy=strategy,
            allocation=allocation,
            control=method == "random",
        )
        for index, (strategy, allocation) in enumerate(strategies)
        for method in methods
    ]


def test_criteria_are_compared_with_dense_what_by_where_and_when() -> None:
    columns = [("iterative", "uniform"), ("one-shot", "uniform"), ("iterative", "global")]
    base = dense(mean_ap=0.75)
    # A control of one column is no criterion in several, and not shown.
    once = result("scratch", mean_ap=0.7, strategy="one-shot", allocation="uniform", control=True)
    figure = drawn([base, once, *grid(*columns)])["s-50-criteria"]
    spec = json.loads(figure.spec)
    cells = {(it["method"], it["column"]): it["points"] for it in spec["data"]["values"]}
    assert len(cells) == 9
    assert cells["l1", "iterative, uniform"] == -5 and cells["random", "one-shot, uniform"] == -11
    assert spec["encoding"]["y"]["sort"] == ["taylor", "l1", "random"]
    assert spec["encoding"]["x"]["sort"] == [
        "iterative, global",
        "one-shot, uniform",
        "iterative, uniform",
    ]


def test_a_grid_of_criteria_takes_a_dense_row_and_a_criterion_in_two_columns() -> None:
    both = grid(("one-shot", "uniform"), ("iterative", "uniform"))
    assert "s-50-criteria" in drawn([dense(), *both])
    assert "s-50-criteria" not in drawn(both)
    assert "s-50-criteria" not in drawn([dense(), *both[:3]])
    one_each = [
        *grid(("one-shot", "uniform"), methods=["l1"]),
        *grid(("iterative", "uniform"), methods=["taylor"]),
    ]
    assert "s-50-criteria" not in drawn([dense(), *one_each])


def test_the_main_picture_has_every_row_with_a_difference_the_best_mean_first() -> None:
    (table,) = build(example()).tables
    data = json.loads(drawn(example())["s-50-map"].spec)["data"]["values"]
    shown = [row for row in table.sections[0].rows if row.delta is not None]
    assert [it["label"] for it in data] == [row.label for row in shown]
    for it, row in zip(data, shown, strict=True):
        assert row.delta is not None and it["delta"] == pytest.approx(100 * row.delta, abs=1e-4)
        assert it["low"] <= it["delta"] <= it["high"]


def test_a_picture_says_in_words_what_it_shows() -> None:
    for figure in drawn(with_widths(example())).values():
        root = ElementTree.fromstring(figure.svg)
        assert root.attrib["role"] == "img"
        first, second = list(root)[:2]
        assert (first.text, second.text) == (figure.title, figure.description)
        assert root.attrib["aria-labelledby"].split() == [first.attrib["id"], second.attrib["id"]]
        assert float(root.attrib["width"]) <= 420, "it must fit a telephone"


def test_what_a_result_says_stays_text() -> None:
    for figure in drawn([dense(), result(EVIL), result("l1", seed=0)]).values():
        tags = {it.tag.split("}")[-1] for it in ElementTree.fromstring(figure.svg).iter()}
        assert "script" not in tags and "<script" not in figure.svg
        assert not re.search(r"(?:href|src)=|<image", figure.svg)


def test_claims_are_drawn_with_their_bounds() -> None:
    claim = Claim.model_validate(
        {
            "name": "l1-is-near", "says": "It loses little.", "metric": "mAP",
            "rows": {"method": "l1"},
            "against": {"method": "dense"}, "within": 3,
        }
    )  # fmt: skip
    board = build(
        [*(dense(seed=it, mean_ap=0.8) for it in (0, 1)), *(result(seed=it) for it in (0, 1))],
        [claim],
    )
    (figure,) = claim_figures("s", "paper", board.claims)
    bounds = json.loads(figure.spec)["layer"][1]["data"]["values"]
    assert [it["bound"] for it in bounds] == [-3, 3]
    assert f"l1-is-near: {board.claims[0].standing}" in figure.description
    assert claim_figures("s", "paper", build(example()).claims) == []


def test_the_front_steps_up_from_the_cheapest() -> None:
    points = [(2.0, 0.5, "dear"), (1.0, 0.4, "cheap"), (1.0, 0.3, "worse"), (3.0, 0.5, "no better")]
    assert [name for _, _, name in front_of(points)] == ["cheap", "dear"]


def timed_figures(folder: Path, processor: str = "Some | CPU") -> dict[str, Figure]:
    machine = {**DOCUMENT["machine"], "processor": processor}
    write_timings(folder, {**DOCUMENT, "machine": machine})
    found = with_latency_beside(build(timed_results()), folder)
    (table,) = found.tables
    figures = table_figures("s", table, timed_results(), {"l1": "weights"}, found.latency)
    return {it.name: it for it in figures if "latency" in it.name}


def test_map_against_latency_is_of_one_machine_and_leaves_noise_out(tmp_path: Path) -> None:
    (figure,) = timed_figures(tmp_path).values()
    assert figure.name == "s-latency-onnxruntime-1"
    assert figure.title.startswith("mAP against milliseconds a batch of 1, onnxruntime: ")
    assert "3 networks on Some | CPU, 1 thread. On the front, the cheapest first: l1" in (
        figure.description
    )
    assert figure.description.endswith(" 1 more: too noisy for a verdict.")
    spec = json.loads(figure.spec)
    assert spec["encoding"]["x"]["title"][1] == "Some | CPU, 1 thread"
    drawn_rows = spec["layer"][1]["data"]["values"]
    costs = {it["label"].split()[0]: it["cost"] for it in drawn_rows}
    assert costs == {"dense": 50.0, "l1": 25.0, "fpgm": 30.0}


def test_no_name_of_a_machine_makes_a_picture_wider_than_a_telephone(tmp_path: Path) -> None:
    (figure,) = timed_figures(tmp_path, 20 * "very long name ").values()
    assert float(ElementTree.fromstring(figure.svg).attrib["width"]) <= 420


def test_a_pdf_holds_the_text_and_fonts_of_a_picture() -> None:
    pdf = to_pdf(drawn(example())["s-50-map"])
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert set(re.findall(rb"/BaseFont /\w{6}\+([\w-]+)", pdf)) == {
        b"LiberationSans",
        b"LiberationSans-Bold",
    }
    # Each object begins where the table at the end says, though lines were moved.
    places = re.findall(rb"(\d{10}) 00000 n", pdf)
    assert places and all(re.match(rb"\d+ 0 obj", pdf[int(it) :]) for it in places)


def test_another_process_draws_the_same_bytes() -> None:
    code = (
        "import hashlib, tests.leaderboard.figures.test_figures as t;"
        "print(sorted((n, hashlib.sha256((f.svg + f.spec).encode() + t.to_pdf(f)).hexdigest())"
        " for n, f in t.drawn(t.with_widths(t.example())).items()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": "", **fonts},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, fonts in (("1", {}), ("2", {"FONTCONFIG_FILE": "/nowhere"}))
    }
    assert len(outputs) == 1 and "s-50-map" in outputs.pop()


def test_curves_go_on_where_the_phase_before_ended() -> None:
    def points(*epochs: float) -> list[CurvePoint]:
        return [CurvePoint(int(10 * e), e, 1 / e, 0.1 * e, 100.0) for e in epochs]

    trained, pruned = ("train on x", points(1, 2)), ("prune on x", points(0.5, 1))
    figure = training_curves({"a/one": [trained, pruned], "b/two": [("load", []), trained]})
    rows = json.loads(figure.spec)["data"]["values"]
    assert [(row["trial"], row["phase"], row["epoch"], row["begins"]) for row in rows] == [
        ("a/one", "1 train on x", 1, False),
        ("a/one", "1 train on x", 2, False),
        ("a/one", "2 prune on x", 2.5, True),
        ("a/one", "2 prune on x", 3, False),
        ("b/two", "2 train on x", 1, False),
        ("b/two", "2 train on x", 2, False),
    ]
    assert "prune on x from a loss of 2 to 1" in figure.description
    assert figure.png().startswith(b"\x89PNG")
