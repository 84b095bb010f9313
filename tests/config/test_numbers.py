"""A number in a suite or a protocol is what a person means by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reidbench.config.own_protocol import protocol_of, read_protocol
from reidbench.config.protocol import FOLDER, load_protocol
from reidbench.config.suite import load_suite
from reidbench.config.yaml_document import DocumentError
from reidbench.config.yaml_loader import Loader, scalar
from tests.support.suites import suite_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1E-5", 1e-5),
        ("1.5e5", 150000.0),
        ("2e3", 2000),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("010", 10),
        ("1_000", 1000),
        ("+4", 4),
        ("1:30", "1:30"),
        (".nan", ".nan"),
        ("-.inf", "-.inf"),
        ("0x1f", "0x1f"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("'1e-5'", "1e-5"),
        ("yes", True),
    ],
)
def test_a_scalar_is_read_as_it_is_meant(text: str, value: Any) -> None:
    (read,) = yaml.load(f"[{text}]", Loader)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize("text", ["1e400", "9" * 5000])
def test_a_number_beyond_all_bounds_is_refused_at_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(suite_text().replace("- 0.5", f"- {text}"))
    with pytest.raises(
        DocumentError, match=r"suite\.yaml:14: not valid YAML: a number that is too"
    ):
        load_suite(path)


def test_a_suite_and_an_option_take_a_power_of_ten(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    text = suite_text(methods=[{"method": "slimming", "options": {"strength": 1}}])
    path.write_text(text.replace("strength: 1", "strength: 1e-4").replace("- 0.5", "- 5e-1"))
    suite = load_suite(path).content
    assert suite.reductions == (0.5,)
    assert suite.methods[0].options == {"strength": 1e-4}


def test_every_share_claim_and_seed_of_a_suite_takes_a_power_of_ten(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(
        suite_text(name="s", reductions=None, seeds=None)
        + "reductions: [2e-1, 50E-2]\nseeds: [1e1]\nclaims:\n"
        + "- {name: c, says: s, metric: mAP, rows: {reduction: 5e-1}, "
        + "against: {reduction: 2E-1}, at_most: -1e-3}\n"
    )
    suite = load_suite(path).content
    assert suite.reductions == (0.2, 0.5) and suite.seeds == (10,)
    assert suite.claims[0].at_most == -0.001 and suite.claims[0].rows.reduction == (0.5,)


@pytest.mark.parametrize(
    ("text", "value"), [("1e-5", 1e-5), ("3", 3), ("yes", True), ("[", "["), ("1e400", "1e400")]
)
def test_a_value_outside_a_file_is_read_as_in_one(text: str, value: Any) -> None:
    assert scalar(text) == value and type(scalar(text)) is type(value)


def test_rules_that_a_plugin_read_by_yaml_1_1_mean_the_same() -> None:
    text = (FOLDER / "smoke-1.yaml").read_text().replace("smoke/1", "own/1")
    meant = yaml.safe_load(text)
    read = yaml.safe_load(text.replace("0.001", "1e-3").replace("0.0005", "5e-4"))
    assert isinstance(read["training"]["optimiser"]["learning_rate"], str)
    assert protocol_of(read, "p").digest == protocol_of(meant, "p").digest


def test_a_protocol_takes_a_power_of_ten_and_its_digest_is_the_same(tmp_path: Path) -> None:
    text = (FOLDER / "smoke-1.yaml").read_text()
    path = tmp_path / "smoke.yaml"
    path.write_text(text.replace("learning_rate: 0.001", "learning_rate: 1e-3"))
    assert read_protocol(path) == load_protocol("smoke/1")


def test_not_a_number_is_no_rule(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text((FOLDER / "smoke-1.yaml").read_text().replace("0.0005}", ".inf}"))
    with pytest.raises(DocumentError, match="weight_decay: must be a valid number, "):
        read_protocol(path)


def test_a_document_of_aliases_upon_aliases_ends_at_once(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    path.write_text("\n".join(["a0: &a0 [x]", *rows]))
    with pytest.raises(DocumentError, match="more than 100000 values"):
        load_suite(path)
