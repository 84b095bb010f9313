"""A submission is checked without running any of it, and every falsified one is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner

from reidbench.cli import cli
from reidbench.leaderboard import build, to_markdown
from reidbench.results import PACK, read_pack
from reidbench.submissions.check import check
from tests.submissions.falsified import FALSIFIED, PUBLISHED, edit, good, lines, place, write


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(folder: Path) -> list[str]:
    return [str(it) for it in check(folder, PUBLISHED) if it.kind == "refused"]


def test_a_good_submission_is_not_refused_and_hidden_files_are_ignored(tmp_path: Path) -> None:
    folder = good(tmp_path / "mine")
    (folder / "._a.json").write_bytes(b"\x00\x05")
    (folder / ".DS_Store").write_bytes(b"\x00")
    assert check(folder, PUBLISHED) == []


def test_there_are_three_hundred() -> None:
    assert len(FALSIFIED) >= 300


@pytest.mark.parametrize("name", FALSIFIED)
def test_a_falsified_submission_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    folder = good(tmp_path / "mine")
    FALSIFIED[name](folder)
    before, start = files(tmp_path), monotonic()
    found = [it for it in check(folder, PUBLISHED) if it.kind == "refused"]
    assert monotonic() - start < 5
    assert found
    assert all(it.file and it.why and it.remedy and len(str(it)) < 600 for it in found)
    assert all(str(it).isprintable() for it in found)
    assert files(tmp_path) == before


def test_all_findings_are_shown_each_with_its_line(tmp_path: Path) -> None:
    folder = good(tmp_path / "mine")
    edit(lambda it: it["cost"].update(macs=1, parameters=2))(folder)
    edit(lambda it: it.update(engine=9, tolerance=0.5), "random")(folder)
    done = CliRunner().invoke(cli, ["check", str(folder), "--published", str(PUBLISHED)])
    assert done.exit_code == 1
    first, second = place(folder) + 1, place(folder, "random") + 1
    for line, field in (
        (first, "cost.macs"),
        (first, "cost.parameters"),
        (second, "engine"),
        (second, "tolerance"),
    ):
        assert f"{folder}/{PACK}:{line}: {field}: " in done.output


def test_what_a_maintainer_looks_at_is_said_once_a_kind(tmp_path: Path) -> None:
    folder, nothing = good(tmp_path / "mine"), tmp_path / "nothing"
    nothing.mkdir()
    edit(lambda it: it["provenance"]["packages"].update(torch="2.0.0"))(folder)
    done = CliRunner().invoke(cli, ["check", str(folder), "--published", str(nothing)])
    assert done.exit_code == 0, done.output
    *looks, total = done.output.splitlines()
    assert total == f"{folder}: 0 refused, {len(looks)} to look at"
    said = {look.removeprefix(f"look: {folder}/{PACK}:").partition(": ")[2]: look for look in looks}
    assert sorted(it.partition(":")[0] for it in said) == [
        "per_query.identities", "provenance.packages", *["scores.final.mAP"] * 3
    ]  # fmt: skip
    (data,) = (look for it, look in said.items() if it.startswith("per_query"))
    first, *others = [n for n, it in enumerate(lines(folder), start=1) if '"trial"' in it]
    few = ", ".join(map(str, others[:3]))
    assert f":{first}: " in data and data.endswith(f" (and {len(others)} more lines: {few}, ...)")
    (packages,) = (look for it, look in said.items() if it.startswith("provenance"))
    assert f":{place(folder) + 1}: " in packages and "more line" not in packages
    assert "torch (2.0.0 here, " in packages


def test_a_folder_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["check", str(tmp_path / "no")])
    assert done.exit_code == 1
    assert done.output.splitlines()[0].startswith(f"{tmp_path / 'no'}: no such folder; ")


def test_anchors_that_differ_from_the_published_are_refused(tmp_path: Path) -> None:
    """Consistent in itself: the random row with the scores of the dense one."""
    folder = good(tmp_path / "mine")
    texts = lines(folder)
    for seed in (0, 1):
        dense = json.loads(texts[place(folder, "dense", seed)])
        index = place(folder, "random", seed)
        document = {**json.loads(texts[index])}
        document |= {"scores": dense["scores"], "per_query": dense["per_query"]}
        texts[index] = json.dumps(document, separators=(",", ":"))
    write(folder, texts)
    assert any("scores.final.mAP: the row's mean is 79.5" in it for it in refused(folder))


def test_a_published_line_may_not_change(tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    good(before / "mine")
    folder = good(tmp_path / "mine")
    assert check(folder, PUBLISHED, before) == []
    edit(lambda it: it["provenance"].update(utc="2026-01-01"))(folder)
    assert ["missing or changed" in it.why for it in check(folder, PUBLISHED, before)] == [True]


def test_pages_that_are_those_of_the_results_may_be_there(tmp_path: Path) -> None:
    folder = good(tmp_path / "mine")
    board = build(read_pack(folder / PACK), (), (0, 1))
    (folder / "leaderboard.md").write_text(to_markdown(board), encoding="utf-8")
    assert refused(folder) == []


@pytest.mark.parametrize("name", sorted(path.parent.name for path in PUBLISHED.glob(f"*/{PACK}")))
def test_what_is_published_passes_its_own_check_as_it_is(name: str) -> None:
    assert refused(PUBLISHED / name) == []


def test_no_torch_is_imported(tmp_path: Path) -> None:
    folder = good(tmp_path / "mine")
    code = (
        "import sys; from pathlib import Path; from reidbench.submissions.check import check; "
        "assert not check(Path(sys.argv[1]), Path(sys.argv[2])); print('torch' in sys.modules)"
    )
    words = [sys.executable, "-c", code, str(folder), str(PUBLISHED)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
