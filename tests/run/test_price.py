"""A plan is priced by images and MACs, without torch, and its workers by the run's own schedule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reidbench.config.suite import load_suite
from reidbench.plan import Plan, PruneNode, TrainNode, make_plan
from reidbench.plugins import Registry
from reidbench.run.card_rates import CardError, Rate, card_rate, measured_rate
from reidbench.run.image_macs import Images, dense_gmacs, image_macs
from reidbench.run.price import critical_path, makespan, price
from reidbench.run.price_text import price_lines
from reidbench.store import Store
from tests.support.suites import write_suite

HERE = {"device": "cpu", "hardware": {"cpu": "Abacus 9", "threads": 2}, "utc": "2026-05-01T10:00"}
Planner = Callable[..., Plan]


@pytest.fixture
def planned(tmp_path: Path, tiny_registry: Registry) -> Planner:
    """Return a maker of plans on a backbone whose cost model is published."""

    def make(**changes: Any) -> Plan:
        changes = {"backbones": ["resnet18"], "methods": ["dense", "l1"], **changes}
        return make_plan(load_suite(write_suite(tmp_path, **changes)), tiny_registry)

    return make


def test_a_phase_is_its_epochs_of_the_images_at_the_macs_that_are_left(planned: Planner) -> None:
    images = Images()
    trial = next(each for each in planned().trials if each.id.method == "l1")
    train, prune = trial.phases
    assert isinstance(train, TrainNode) and isinstance(prune, PruneNode)
    lists, dense = train.data.lists(), dense_gmacs(train)
    assert dense is not None
    assert image_macs(train, images) == (train.epochs * len(lists.train), dense)
    assert image_macs(prune, images) == (prune.epochs * len(lists.train), 0.5 * dense)
    measured = image_macs(trial.final, images)
    assert measured == (len(lists.query) + len(lists.gallery), 0.5 * dense)


def test_a_backbone_that_is_not_built_in_has_no_published_cost(planned: Planner) -> None:
    plan = planned(backbones=["tinynet"])
    assert price(plan.nodes.values(), Images()).left_out == len(plan.nodes)


def test_a_data_set_that_is_not_there_is_priced_as_published(planned: Planner) -> None:
    images = Images()
    node = next(iter(planned(targets=["market1501"]).nodes.values()))
    counted = images.of(node.data)
    assert counted == (12_936, 3_368 + 15_913)
    assert images.published == {"market1501"}


def test_images_that_nobody_published_are_left_out_and_named(planned: Planner) -> None:
    images, plan = Images(), planned(targets=["tiny-disk"])
    whole = price(plan.nodes.values(), images)
    (line,) = price_lines(whole, whole, card_rate("a100"), images)
    assert line == f"left out of this price: {len(plan.nodes)} phases (images unknown: tiny-disk)"


def test_what_is_unknown_makes_no_hours_and_known_ones_a_least(planned: Planner) -> None:
    images = Images()
    loaded = planned(targets=["tiny-disk", "tiny"])
    whole = price(loaded.nodes.values(), images)
    lines = list(price_lines(whole, whole, card_rate("cpu"), images))
    assert any(line.startswith("at least ") for line in lines)
    nothing = price(
        [node for node in loaded.nodes.values() if node.key not in whole.products], images
    )
    assert not any(
        "on one cpu" in line for line in price_lines(nothing, nothing, card_rate("cpu"), images)
    )


def test_workers_take_as_long_as_the_work_or_the_longest_chain(planned: Planner) -> None:
    whole = price(planned(seeds=[0, 1, 2]).nodes.values(), Images())
    rate = Rate("here", training=2.0, measuring=6.0, fixed=1.0, basis="made up")
    seconds = whole.seconds(rate)
    assert sum(seconds.values()) == pytest.approx(
        whole.training / 2 + whole.measuring / 6 + len(whole.nodes)
    )
    assert makespan(whole.nodes, seconds, 1) == pytest.approx(sum(seconds.values()))
    longest = critical_path(whole.nodes, seconds)
    assert makespan(whole.nodes, seconds, 1000) == pytest.approx(longest)
    assert longest <= makespan(whole.nodes, seconds, 2) < sum(seconds.values())


def test_the_rate_of_this_machine_is_that_of_the_plans_trained_phases(
    planned: Planner, tmp_path: Path
) -> None:
    plan, images, store = planned(), Images(), Store(tmp_path / "store", HERE)
    assert measured_rate(plan, store, images, []) is None
    trial = plan.trials[0]
    node = trial.phases[0]
    with store.writing(node.key) as (_, meta):
        meta.update(seconds={"training": 5.0}, images=100, wall=7.0)
    other = plan.trials[-1].phases[-1]
    with Store(store.root, {**HERE, "device": "cuda:0"}).writing(other.key) as (_, meta):
        meta.update(seconds={"training": 0.1}, images=1000, wall=0.2)
    rate = measured_rate(plan, store, images, [trial.final.key, node.key, other.key])
    macs = dense_gmacs(node)
    assert rate is not None and macs is not None
    assert rate.name == "cpu, 2 threads"
    assert (rate.training, rate.fixed) == (pytest.approx(20 * macs), 2.0)


def test_a_card_may_be_one_of_several_and_must_be_known() -> None:
    assert (card_rate("H100x8").name, card_rate("h100x8").cards) == ("h100", 8)
    assert (card_rate("rtx4090").name, card_rate("rtx4090").cards) == ("rtx4090", 1)
    for wrong in ("h100x0", "h10", "x8"):
        with pytest.raises(CardError, match=f"--on {wrong}: no card of the table"):
            card_rate(wrong)
