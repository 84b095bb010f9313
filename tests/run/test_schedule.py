"""Ready phases come in the order of the longest chain behind them, measurements before all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest

from reidbench.config.suite import load_suite
from reidbench.plan import EvaluateNode, Node, Plan, make_plan
from reidbench.plugins import Registry
from reidbench.run.schedule import Schedule, inputs
from tests.support.suites import write_suite


@pytest.fixture
def plan(tmp_path: Path, tiny_registry: Registry) -> Plan:
    suite = write_suite(tmp_path, methods=["dense", "scratch", "l1", "tiny-norm"], seeds=[0, 1])
    return make_plan(load_suite(suite), tiny_registry)


def one(node: Node) -> float:
    return 1.0


def phases(schedule: Schedule, plan: Plan) -> Iterator[str]:
    """Take what is ready, and leave out measurements."""
    ready = schedule.ready()
    return (key for key in ready if not isinstance(plan.nodes[key], EvaluateNode))


def test_every_node_is_offered_once_and_after_its_inputs(plan: Plan) -> None:
    schedule, made = Schedule(plan.nodes.values(), one), []
    while key := next(schedule.ready(), None):
        assert {needed.key for needed in inputs(plan.nodes[key])} <= set(made)
        made.append(key)
        schedule.made(key)
    assert sorted(made) == sorted(plan.nodes)


def test_the_longest_chain_comes_first(plan: Plan) -> None:
    heavy = plan.trials[-1].phases[-1]

    def weight(node: Node) -> float:
        return 100.0 if node.key == heavy.key else 1.0

    schedule = Schedule(plan.nodes.values(), weight)
    # The base network that the heavy phase starts from, whatever the plan's order.
    first = next(schedule.ready())
    assert first == plan.trials[-1].phases[0].key != next(iter(plan.nodes))
    schedule.made(first)
    assert next(phases(schedule, plan)) == heavy.key


def test_what_is_trained_is_measured_before_the_next_phase(plan: Plan) -> None:
    schedule, made = Schedule(plan.nodes.values(), one), []
    while key := next(schedule.ready(), None):
        made.append(plan.nodes[key])
        schedule.made(key)
    for trial in plan.trials:
        last = made.index(trial.phases[-1])
        between = made[last + 1 : made.index(trial.final)]
        assert all(isinstance(node, EvaluateNode) for node in between)


def test_a_node_that_was_not_begun_can_be_offered_again(plan: Plan) -> None:
    schedule = Schedule(plan.nodes.values(), one)
    taken = list(schedule.ready())
    assert list(schedule.ready()) == []
    schedule.offer(taken[0])
    assert list(schedule.ready()) == [taken[0]]


def test_a_damaged_input_is_made_again_before_what_needs_it(plan: Plan) -> None:
    train, prune = plan.trials[-1].phases
    schedule = Schedule([train, prune], one)
    assert list(schedule.ready()) == [train.key]
    schedule.made(train.key)
    assert list(schedule.ready()) == [prune.key]
    # The prune phase finds it damaged.
    schedule.lost(train.key)
    schedule.offer(prune.key)
    assert list(schedule.ready()) == [train.key]
    schedule.made(train.key)
    assert list(schedule.ready()) == [prune.key]


def test_ten_thousand_nodes_are_scheduled_within_a_second(
    tmp_path: Path, tiny_registry: Registry
) -> None:
    suite = write_suite(tmp_path, methods=["l1"], seeds=list(range(2500)))
    nodes = make_plan(load_suite(suite), tiny_registry).nodes
    assert len(nodes) >= 10_000
    started = perf_counter()
    schedule = Schedule(nodes.values(), one)
    while key := next(schedule.ready(), None):
        schedule.made(key)
    print(f"{len(nodes)} nodes in {perf_counter() - started:.3f} s")
    assert perf_counter() - started < 1
