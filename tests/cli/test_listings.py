"""The commands that only print: instant, and without torch."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reidbench.cli import COMMANDS, cli
from reidbench.config.protocol import Protocol, load_protocol, protocol_names
from tests.cli.conftest import METHODS, Run
from tests.cli.listings import printed
from tests.support.commands import Finished, imported
from tests.support.places import ROOT

New = Callable[..., Run]


def test_help_lists_every_command_and_how_to_start(new_run: New) -> None:
    text = printed(new_run(), "--help")
    for command in COMMANDS:
        assert re.search(rf"^  {command}  ", text, re.M)
    assert "    reidbench run quickstart " in text
    assert "\\b" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(new_run: New, command: str) -> None:
    text = printed(new_run(), command, "--help")
    assert text.startswith("Usage: ")
    assert text == printed(new_run(), command, "-h")


def test_the_help_promises_only_commands_that_exist() -> None:
    for name in COMMANDS:
        assert isinstance(cli.get_command(click.Context(cli), name), click.Command)


def test_plugins_lists_every_component_with_its_owner(new_run: New) -> None:
    text = printed(new_run(), "plugins")
    for row in (r"l1 .*reidbench \d", r"tinynet .*reidbench-tiny 1\.0", r"tiny .*reidbench-tiny"):
        assert re.search(f"^{row}", text, re.M)
    assert text.rstrip().endswith("4 plugins loaded, none failed")


def test_plugins_are_listed_without_importing_what_takes_long(new_run: New) -> None:
    run = new_run()
    _, modules = imported("plugins", cwd=run.folder, env=run.env)
    assert "reidbench_plugins" in modules
    assert not {"torch", "numpy", "pydantic", "rich", "yaml"} & modules


def test_the_package_itself_imports_nothing() -> None:
    code = "import sys; import reidbench; print([m for m in sys.modules if 'reidbench.' in m])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout == "[]\n"


def test_the_package_is_a_command(new_run: New) -> None:
    run = new_run()
    words = [sys.executable, "-m", "reidbench", "plan", "suite.yaml"]
    said = subprocess.run(words, cwd=run.folder, env=run.env, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout == printed(run, "plan", "suite.yaml")


def test_a_shipped_suite_is_planned_by_its_name(new_run: New) -> None:
    text = printed(new_run(), "plan", "quickstart", "--only", "seed=0", "--only", "l1")
    assert "2 trials under mini/1: 0 done, 2 left" in text


def test_a_file_wins_over_a_shipped_suite_of_its_name(new_run: New) -> None:
    run = new_run()
    (run.folder / "suite.yaml").rename(run.folder / "quickstart")
    assert "4 trials under smoke/1" in printed(run, "plan", "quickstart")


def test_a_disabled_plugin_is_not_listed(new_run: New) -> None:
    text = printed(new_run(), "plugins", "--disable-plugin", "tiny")
    assert "tinynet" not in text and "resnet18" in text


def test_protocols_are_listed_with_their_digests(new_run: New) -> None:
    text = printed(new_run(), "protocols")
    for name in protocol_names():
        assert re.search(rf"^{name} +{load_protocol(name).digest[:12]} ", text, re.M)


def test_a_printed_protocol_is_the_protocol(new_run: New) -> None:
    text = printed(new_run(), "protocols", "mini/1")
    rules = load_protocol("mini/1")
    assert text.startswith(f"# sha256 {rules.digest}\n# Base networks have not converged")
    assert Protocol.model_validate(yaml.safe_load(text)) == rules


def test_a_plan_lists_its_trials_on_request(new_run: New) -> None:
    text = printed(new_run(), "plan", "suite.yaml", "--trials")
    assert re.search(
        r"l1\S+@50%/seed0 +train > prune 50% > measure base > measure cut > measure final +to do$",
        text,
        re.M,
    )
    assert re.search(
        r"scratch\S+@50%/seed0 +cut 50% > train > train > measure final +to do$",
        text,
        re.M,
    )


def test_a_plan_tells_what_is_left_and_lists_no_trial(new_run: New) -> None:
    text = printed(new_run(), "plan", "suite.yaml")
    assert text == (
        "4 trials under smoke/1: 0 done, 4 left\n"
        "18 phases and measurements, 14 after sharing\n"
        "left out of this price: 14 phases (backbones without a published cost model)\n"
        "left to run: 7 measure, 4 prune and retrain, 3 train\n"
    )


def test_a_plan_has_a_price_on_any_card_of_the_table(new_run: New) -> None:
    run = new_run(backbones=["resnet18"])
    text = printed(run, "plan", "suite.yaml", "--on", "v100")
    assert re.search(r"^images x GMACs: \S+ of training, \S+ of measuring$", text, re.M)
    assert re.search(r"on one v100 \(an estimate: .*\); critical path \d+s$", text, re.M)
    text = printed(run, "plan", "suite.yaml", "--on", "rtx4090x2")
    assert re.search(r"^by workers.*: 1: \S+ \(100%\), 2: .*, 8: .*, 64: ", text, re.M)


def test_a_part_of_a_plan_has_its_own_price(new_run: New) -> None:
    run = new_run(backbones=["resnet18"])
    whole, part = (printed(run, "plan", "suite.yaml", *words) for words in ((), ("--only", "l1")))
    first, second = (re.search("GMACs: (\\S+)", text) for text in (whole, part))
    assert first and second and float(second[1]) < float(first[1])


def test_a_card_that_is_not_in_the_table_is_named(new_run: New) -> None:
    said = new_run().reidbench("plan", "suite.yaml", "--on", "a10")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("reidbench: --on a10: no card of the table")


def test_a_plan_ends_with_the_data_that_are_not_there(new_run: New) -> None:
    run = new_run(targets=["tiny", "tiny-disk"], methods=["dense"])
    text = printed(run, "plan", "suite.yaml", "--data", "photos")
    assert "2 trials under smoke/1: 0 done, 2 left" in text
    said = text.partition("\n\nsuite 'tiny-suite' needs data that are not there (--data):\n")[2]
    places, how = said.splitlines()
    assert re.match("  tiny-disk: photos/tiny-disk", places)
    assert how.startswith("How to get one: reidbench data show tiny-disk.")


def test_a_plan_without_data_of_its_own_names_none(new_run: New) -> None:
    run = new_run(targets=["tiny", "tiny-disk"], methods=["dense"])
    assert "not there" not in printed(run, "plan", "suite.yaml", "--only", "tiny")


def test_a_plan_shows_what_a_run_has_done(finished: Run) -> None:
    suite = finished.folder / "suite.yaml"
    suite.write_text(suite.read_text().replace("- 0.5", "- 0.5\n- 0.75"))
    text = printed(finished, "plan", "suite.yaml", "--trials")
    assert re.search(
        r"l1\S+@50%/seed0 +train\* > prune 50%\* > .* measure final\* +done$",
        text,
        re.M,
    )
    assert re.search(
        r"l1\S+@75%/seed0 +train\* > prune 75% > measure base\* > measure cut > .* +to do$",
        text,
        re.M,
    )
    assert "7 trials under smoke/1: 4 done, 3 left" in text


def test_a_plan_shows_results_that_cannot_be_read(finished: Run) -> None:
    path = next((finished.home / "results").glob("*.json"))
    path.write_text("{}")
    assert printed(finished, "plan", "suite.yaml", "--trials").count(" unreadable\n") == 1


def test_the_leaderboard_is_printed_without_torch(finished: Run) -> None:
    said, modules = imported(
        "leaderboard", "runs/tiny-suite", cwd=finished.folder, env=finished.env
    )
    assert said.returncode == 0
    assert all(method in said.stdout for method in METHODS)
    assert "torch" not in modules


def test_a_copy_of_a_result_is_reported_by_its_path(finished: Run) -> None:
    path = next((finished.home / "results").glob("*.json"))
    copy = path.with_name(f"{path.stem}-copy.json")
    copy.write_text(path.read_text())
    said = finished.reidbench("leaderboard", "runs/tiny-suite")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == (
        "reidbench: named by the key of no result, so copies or renamed: "
        f"runs/tiny-suite/results/{copy.name}; remove them, or name each by the 'key' in it\n"
    )


def test_the_version_is_printed(new_run: New) -> None:
    assert re.fullmatch(r"reidbench, version \d+\.\d+\.\d+\n", printed(new_run(), "--version"))


# --- the schema -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema(first: tuple[Run, Finished]) -> dict[str, Any]:
    return json.loads(printed(first[0], "schema"))


def accepts(value: Any, rule: dict[str, Any], root: dict[str, Any]) -> bool:
    """Judge a value by the part of JSON schema that suites use."""
    if "$ref" in rule:
        return accepts(value, root["$defs"][rule["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in rule:
        return any(accepts(value, each, root) for each in rule["anyOf"])
    if "enum" in rule and value not in rule["enum"]:
        return False
    kinds = {"object": dict, "array": list, "string": str, "null": type(None)}
    kinds |= {"integer": int, "number": (int, float), "boolean": bool}
    if "type" in rule and not isinstance(value, kinds[rule["type"]]):
        return False
    if isinstance(value, dict):
        return _accepts_fields(value, rule, root)
    if isinstance(value, list):
        items = rule.get("items", {})
        enough = len(value) >= rule.get("minItems", 0)
        return enough and all(accepts(item, items, root) for item in value)
    if isinstance(value, str):
        return re.search(rule.get("pattern", ""), value) is not None
    if value is None:
        return True
    above = value > rule.get("exclusiveMinimum", -inf) and value >= rule.get("minimum", -inf)
    return above and value < rule.get("exclusiveMaximum", inf) and value <= rule.get("maximum", inf)


def _accepts_fields(value: dict[str, Any], rule: dict[str, Any], root: dict[str, Any]) -> bool:
    known, more = rule.get("properties", {}), rule.get("additionalProperties", {})
    if not set(rule.get("required", [])) <= set(value):
        return False
    rules = {name: known.get(name, more) for name in value}
    return all(
        rules[name] is not False and (rules[name] is True or accepts(item, rules[name], root))
        for name, item in value.items()
    )


@pytest.mark.parametrize("path", sorted((ROOT / "suites").glob("*.yaml")), ids=lambda p: p.name)
def test_the_schema_accepts_every_suite_that_comes_along(
    schema: dict[str, Any], path: Path
) -> None:
    assert accepts(yaml.safe_load(path.read_text()), schema, schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seeds: [0, 1]", "sedes: [0, 1]"),
        ("seeds: [0, 1]", "seeds: [-1]"),
        ("reductions: [0.5, 0.75]", "reductions: [half]"),
        ("reductions: [0.5, 0.75]", "reductions: [1.0]"),
        ("- train: target", "- train: nowhere"),
        ("  - dense ", "  - {method: dense, strategy: sometimes} "),
        ("  - dense ", "  - {methode: dense} "),
        ("backbones: [resnet18]", "backbones: []"),
    ],
)
def test_the_schema_refuses_what_the_suite_would(
    schema: dict[str, Any], old: str, new: str
) -> None:
    text = (ROOT / "suites" / "quickstart.yaml").read_text()
    assert text.count(old) == 1
    assert not accepts(yaml.safe_load(text.replace(old, new)), schema, schema)


def test_the_schema_takes_options_in_place_of_a_name(schema: dict[str, Any]) -> None:
    suite = yaml.safe_load((ROOT / "suites" / "quickstart.yaml").read_text())
    suite["methods"] = [
        "l1",
        {"method": "psfp", "options": {"anchor": 0.5}, "allocation": "global"},
    ]
    suite["source"] = {"dataset": "synthped", "options": {"domain": "b"}}
    assert accepts(suite, schema, schema)
