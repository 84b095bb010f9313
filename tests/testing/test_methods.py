"""Every built-in method, and the example to copy, keep the contract."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from reidbench.plugins import discover
from reidbench.testing import Check, RefusalWarning, checks
from tests.support.places import ROOT
from tests.testing.records import fast, record

BUILT_IN = [
    component.record
    for component in discover().methods.components
    if component.owner.name == "builtin"
]
# None of them can name the harness, from which alone test images could be reached. (Nor do they
# start an interpreter each: ``fast`` leaves that out.)
LATER = {"never-touches-test-data"}
FAST = [check for method in BUILT_IN for check in fast(method) if check.name not in LATER]
_DONE = {(check.component, check.name) for check in FAST}


def slow() -> Iterator[Check]:
    """Yield what the default run leaves out: all backbones, and the other targets."""
    for method in BUILT_IN:
        yield from (one for one in checks(method) if (one.component, one.name) not in _DONE)


def named(check: Check) -> str:
    return f"{check.component}-{check}"


@pytest.mark.filterwarnings(f"ignore::{RefusalWarning.__module__}.{RefusalWarning.__name__}")
@pytest.mark.parametrize("check", FAST, ids=named)
def test_a_built_in_method_keeps_the_contract_on_tiny_networks(check: Check) -> None:
    check.run()


@pytest.mark.nightly
@pytest.mark.parametrize("check", list(slow()), ids=named)
def test_a_built_in_method_keeps_the_contract_on_every_backbone(check: Check) -> None:
    check.run()


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(ROOT / "plugins" / "reidbench-example" / "src")
    yield
    for module in [name for name in sys.modules if name.startswith("reidbench_example")]:
        del sys.modules[module]


def test_the_example_keeps_the_contract(example: None) -> None:
    import reidbench_example  # type: ignore[import-not-found]

    (method,) = reidbench_example.reidbench_methods()
    assert {check.outcome().status for check in checks(method, backbones=())} == {"ok"}


SOUND = [
    record("Sound"),
    record("Sound", allocation="global"),
    record("Sound", strategy="iterative"),
    record("Sound", strategy="progressive"),
    record("Sound", strategy="layerwise"),
    record("Sound", prunes="initial"),
    record("SoundGuide", strategy="regularised", data="labels"),
    # What the harness makes harmless: it hands out clones of images.
    record("WritesImages", data="labels"),
    record("SoundSchedule", strategy="own"),
    record("LooksAtMaps", data="images"),
    record("LooksAtSteps", strategy="regularised", data="labels"),
    record("LooksAtLoss", strategy="own", data="labels"),
    record("Documented", options={"some_power": 2.0}),
    record("Trains", prunes="nothing"),
]


@pytest.mark.parametrize("method", SOUND, ids=lambda r: f"{r.name}-{r.strategy}-{r.allocation}")
def test_a_sound_method_passes_under_every_strategy(method: object) -> None:
    outcomes = {str(check): check.outcome() for check in fast(method)}  # type: ignore[arg-type]
    assert {name: o.sentence for name, o in outcomes.items() if o.status != "ok"} == {}
