"""Own protocols from end to end: written, edited, run, and kept apart from all others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reidbench.config.own_protocol import protocol_of, read_protocol
from reidbench.leaderboard import build
from reidbench.results import read_results
from reidbench.store import Store
from tests.cli.conftest import Run
from tests.cli.listings import printed
from tests.support.sites import write_site

New = Callable[..., Run]
PLUGIN = """
from pathlib import Path
from reidbench.api import hookimpl

@hookimpl
def reidbench_protocols():
    return [Path(__file__).parent / "theirs.yaml", {"name": "broken/1"}]
"""


def edited(run: Run, path: Path, like: str = "smoke/1") -> Path:
    """Write a protocol like another one with one rule changed."""
    said = run.reidbench("protocols", "new", "--like", like, path)
    assert said.returncode == 0, said.stderr
    text = (run.folder / path).read_text()
    assert text.count("active: 0.5") == 1
    (run.folder / path).write_text(text.replace("active: 0.5", "active: 0.4"))
    return run.folder / path


@pytest.mark.parametrize("named", ["./mine.yaml", "mine.yaml", "rules/mine.yaml"])
def test_a_suite_names_a_file_relative_to_itself(new_run: New, named: str) -> None:
    run = new_run(protocol=named)
    (run.folder / "rules").mkdir()
    edited(run, Path(named))
    inside = run.folder / "elsewhere"
    inside.mkdir()
    text = printed(Run(inside, run.env), "plan", "../suite.yaml")
    assert "4 trials under mine/1" in text


def test_folders_and_rules_may_be_in_the_users_folder(new_run: New, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    run = new_run(protocol="~/mine.yaml")
    edited(run, home / "mine.yaml")
    at_home = Run(run.folder, {**run.env, "HOME": str(home), "REIDBENCH_STORE": "~/networks"})
    said = at_home.reidbench("run", "suite.yaml", "--out=~/results", "--only", "dense")
    assert said.returncode == 0, said.stderr
    assert sorted(path.name for path in home.iterdir()) == ["mine.yaml", "networks", "results"]
    assert not (run.folder / "~").exists()


def test_a_missing_or_wrong_file_is_refused_at_a_line(new_run: New) -> None:
    run = new_run(protocol="./mine.yaml")
    said = run.reidbench("plan", "suite.yaml")
    assert said.stderr == "reidbench: suite.yaml:2: protocol: no such file: mine.yaml\n"
    edited(run, Path("mine.yaml"))
    path = run.folder / "mine.yaml"
    path.write_text(path.read_text().replace("scope: inner", "scope: outer"))
    said = run.reidbench("plan", "suite.yaml")
    assert said.returncode == 2
    assert said.stderr.startswith(
        "reidbench: mine.yaml:21: pruning.scope: must be 'inner' or 'all'"
    )


def test_results_carry_it_and_share_no_table_with_another_digest(new_run: New) -> None:
    run = new_run(methods=["dense", "l1"], protocol="./mine.yaml")
    mine = read_protocol(edited(run, Path("mine.yaml")))
    assert run.reidbench("run", "suite.yaml").returncode == 0
    results = list(run.results().values())
    assert {tuple(result.protocol.items()) for result in results} == {
        (("name", "mine/1"), ("sha256", mine.digest))
    }
    (run.folder / "mine.yaml").unlink()
    # Its rules are beside the results, and in the notes of each network.
    assert read_protocol(run.home / "protocol.yaml") == mine
    notes = Store(run.folder / "runs" / "store").meta(results[0].phases[-1].key)
    assert protocol_of(notes["protocol"], "notes").digest == notes["document"]["protocol"]
    # The same name with other rules, and the published rules, are tables of their own.
    edited(run, Path("mine.yaml"))
    path = run.folder / "mine.yaml"
    path.write_text(path.read_text().replace("active: 0.4", "active: 0.3"))
    assert run.reidbench("run", "suite.yaml", "--out", "again").returncode == 0
    said = run.reidbench("run", "suite.yaml", "--protocol", "smoke/1", "--out", "smoke")
    assert said.returncode == 0, said.stderr
    others = [it for out in ("again", "smoke") for it in read_results(run.folder / out / "results")]
    board = build([*results, *others])
    assert len({table.setting.protocol_hash for table in board.tables}) == 3
    assert len(board.tables) == 3
    for table in board.tables:
        rows = [row for section in table.sections for row in section.all_rows]
        assert {row.method for row in rows} == {"dense", "l1"} and len(rows) == 2
    assert not (run.folder / "smoke" / "protocol.yaml").exists()


def test_the_option_takes_a_file_relative_to_where_one_is(new_run: New) -> None:
    run = new_run(methods=["l1"])
    here = run.folder / "here"
    here.mkdir()
    it = Run(here, run.env)
    edited(it, Path("mine.yaml"))
    text = printed(it, "plan", "../suite.yaml", "--protocol", "mine.yaml")
    assert "1 trial under mine/1" in text
    said = it.reidbench("run", "../suite.yaml", "--protocol", "./mine.yaml")
    assert said.returncode == 0, said.stderr
    assert (here / "runs" / "tiny-suite-mine-1" / "protocol.yaml").is_file()
    said = it.reidbench("plan", "../suite.yaml", "--protocol", "none.yaml")
    assert (said.returncode, said.stderr) == (2, "reidbench: no such file: none.yaml\n")


def test_a_plugin_brings_protocols_and_a_broken_one_harms_no_other(
    new_run: New, tmp_path: Path
) -> None:
    run = new_run(methods=["l1"], protocol="theirs/1")
    site = write_site(tmp_path / "site", "rules", PLUGIN)
    edited(run, site / "theirs.yaml")
    path = os.pathsep.join([str(site), run.env["PYTHONPATH"]])
    run = Run(run.folder, {**run.env, "PYTHONPATH": path})
    assert "1 trial under theirs/1" in printed(run, "plan", "suite.yaml")
    listed = printed(run, "protocols")
    assert "theirs/1" in listed and "mini/1" in listed and "broken" not in listed
    assert "active: 0.4" in printed(run, "protocols", "theirs/1")
    said = run.reidbench("protocols", "broken/1")
    assert said.returncode == 2
    assert "unknown protocol 'broken/1'" in said.stderr
    assert "a protocol of plugin reidbench-rules 1.0: summary: Field required" in said.stderr
    said = run.reidbench("plan", "suite.yaml", "--disable-plugin", "rules")
    assert said.stderr.startswith("reidbench: suite.yaml:2: protocol: unknown protocol 'theirs/1'")
