"""Whatever a suite or a protocol holds, a plan is made, or a line says where it is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reidbench.config.suite import load_suite
from reidbench.errors import ReidbenchError
from reidbench.plan import make_plan, unfit_data
from reidbench.plugins import Registry
from tests.plan.mutation import PROTOCOLS, SUITES, mutated

DOCUMENTS = st.tuples(
    st.one_of(mutated(SUITES), st.just("")), st.one_of(mutated(PROTOCOLS), st.just(""))
).filter(any)
FEW = settings(max_examples=150, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=2_000, suppress_health_check=list(HealthCheck))
SOUND_SUITE, SOUND_PROTOCOL = SUITES[1], PROTOCOLS[0]
LOCATED = re.compile(r"(?:suite|mine)\.yaml(?::\d+)?: \S")


def planned(folder: Path, registry: Registry, documents: tuple[str, str]) -> str:
    """Plan a suite beside a protocol; return what is wrong with them, empty if nothing is."""
    suite, protocol = documents
    texts = {"suite.yaml": suite or yaml.safe_dump(SOUND_SUITE)}
    texts["mine.yaml"] = protocol or yaml.safe_dump(SOUND_PROTOCOL)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        plan = make_plan(load_suite(folder / "suite.yaml"), registry, folder / "no-data")
        for trial in plan.trials:
            assert trial.key and str(trial.id)
        for problem in unfit_data(plan, plan.trials):
            assert "\n" not in str(problem)
    except ReidbenchError as error:
        return str(error).replace(f"{folder}/", "")
    return ""


def refused_in_lines(problem: str) -> None:
    """Check that each line of a refusal is located, and short enough to read."""
    for line in problem.splitlines():
        assert LOCATED.match(line), problem
        assert "Traceback" not in line


@given(DOCUMENTS)
@FEW
def test_a_mutated_suite_or_protocol_is_planned_or_refused_at_a_line(
    folder: Path, tiny_registry: Registry, documents: tuple[str, str]
) -> None:
    refused_in_lines(planned(folder, tiny_registry, documents))


@pytest.mark.nightly
@given(DOCUMENTS)
@MANY
def test_two_thousand_mutated_suites_and_protocols(
    folder: Path, tiny_registry: Registry, documents: tuple[str, str]
) -> None:
    refused_in_lines(planned(folder, tiny_registry, documents))


def test_what_is_mutated_is_sound_itself(folder: Path, tiny_registry: Registry) -> None:
    assert planned(folder, tiny_registry, ("", "")) == ""
