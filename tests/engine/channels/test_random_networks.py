"""Any network is cut exactly or refused: no wrong cost, no wrong function, no crash."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reidbench.engine.channels import CaptureError, PruningPlan, guard, proven
from reidbench.engine.channels import capture as unproven
from tests.engine.channels.exactness import assert_plan_is_exact, counted_by_torch
from tests.engine.channels.networks import random_plan
from tests.engine.channels.random_networks import SIZE, SPECS, network

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def assert_exact_or_refused(spec, seed):
    made = network(*spec)
    try:
        graph = unproven(made, SIZE)
    except CaptureError as refusal:
        assert "\n" not in str(refusal)
        return "refused"
    assert graph.macs.total() == counted_by_torch(made, SIZE)
    try:
        if seed % 4:
            guard(made, graph)
        else:
            graph = proven(made, SIZE)
    except CaptureError as refusal:
        assert "\n" not in str(refusal)
        return "refused by the guard"
    sizes = graph.widths
    if not sizes:
        return "nothing to cut"
    if seed % 3:
        plan = random_plan(graph, "all", seed)
    else:
        plan = PruningPlan({name: (size - 1,) for name, size in sizes.items()}, sizes)
    assert_plan_is_exact(made, graph, plan)
    return "cut"


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW, derandomize=True)
@given(SPECS, st.integers(0, 2**20))
def test_a_random_network_is_cut_exactly_or_refused(spec, seed):
    assert_exact_or_refused(spec, seed)


@pytest.mark.nightly
@settings(max_examples=30_000, deadline=None, suppress_health_check=SLOW)
@given(SPECS, st.integers(0, 2**20))
def test_thirty_thousand_random_networks_are_cut_exactly_or_refused(spec, seed):
    assert_exact_or_refused(spec, seed)
