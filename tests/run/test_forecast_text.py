"""What a run will take, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reidbench.config.suite import load_suite
from reidbench.plan import Node, Plan, make_plan
from reidbench.plugins import Registry
from reidbench.run.forecast import Forecast, Machine
from reidbench.run.forecast_text import forecast_text
from tests.support.suites import write_suite


@pytest.fixture
def plan(tmp_path: Path, tiny_registry: Registry) -> Plan:
    return make_plan(load_suite(write_suite(tmp_path)), tiny_registry)


STORE = Path("runs/store")


@dataclass(frozen=True)
class Expected(Forecast):
    """A forecast that knows the first nodes it is asked for, and of how long each is."""

    known: list[float] = field(default_factory=list)
    bytes_to_keep: int = 0

    def seconds(self, node: Node) -> float | None:
        return self.known.pop(0) if self.known else None

    def size(self, nodes: Iterable[Node]) -> int:
        return self.bytes_to_keep


def expected(phases: int, where: object, *known: float, size: int = 0) -> Expected:
    return Expected(phases, str(where), {}, known=list(known), bytes_to_keep=size)


@pytest.mark.parametrize(
    ("phases", "machine", "text"),
    [
        (1, Machine("cpu", "Abacus", 1), "1 phase on cpu, 1 thread"),
        (12, Machine("cpu", "Abacus", 2), "12 phases on cpu, 2 threads"),
        (3, Machine("cuda:0", "B1", None), "3 phases on cuda:0"),
    ],
)
def test_a_forecast_says_what_it_rests_on(
    plan: Plan, phases: int, machine: Machine, text: str
) -> None:
    nodes = list(plan.nodes.values())[:2]
    said = forecast_text(expected(phases, machine, 80, 120), nodes, STORE)
    assert said == f"about 3m20s to go, by {text}"


def test_a_forecast_says_of_how_much_it_knows_nothing(plan: Plan) -> None:
    nodes = plan.nodes.values()
    assert forecast_text(expected(7, "cpu, 2 threads", 80, 120), nodes, STORE) == (
        "about 3m20s to go, by 7 phases on cpu, 2 threads; 3 more unknown"
    )


def test_no_forecast_is_made_of_nothing_by_nothing_or_for_nothing(plan: Plan) -> None:
    nodes = plan.nodes.values()
    assert forecast_text(expected(0, ""), nodes, STORE) == ""
    assert forecast_text(expected(5, "cpu, 2 threads"), nodes, STORE) == ""
    assert forecast_text(expected(5, "cpu, 2 threads", 80), [], STORE) == ""


def test_a_forecast_says_what_the_store_will_hold_and_warns_where_there_is_no_room(
    plan: Plan,
) -> None:
    nodes = list(plan.nodes.values())[:1]
    assert forecast_text(expected(2, "cpu", 80, size=45_000_000), nodes, STORE) == (
        "about 1m20s to go and 45.0 MB to keep, by 2 phases on cpu"
    )
    said = forecast_text(expected(2, "cpu", 80, size=10**18), nodes, STORE).splitlines()
    assert re.fullmatch(
        r"warning: only [\d.]+ [MGT]B are free for runs/store; 'reidbench store prune' makes room",
        said[1],
    )
    assert said[0].startswith("about 1m20s to go and 1000000 TB to keep, by ")


def test_the_longest_forecast_fits_a_terminal(plan: Plan) -> None:
    forecast = expected(30_000, Machine("cpu", None, 128), 3_600_000.0, size=123_000)
    nodes = [*plan.nodes.values()] * 6_000
    text = forecast_text(forecast, nodes, STORE)
    assert text.startswith("about 1000h00m to go and 123 kB to keep, by 30000 phases ")
    assert text.endswith("; 29999 more unknown")
    assert len(text) <= 100
