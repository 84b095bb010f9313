"""Records and costs that every test of cards starts from."""

from __future__ import annotations

from typing import Any

from reidbench.api.records import MethodRecord
from reidbench.cards import Card, Cost, MeasuringConditions, make_cards
from reidbench.plugins import Component, Plugin

SETTING = MeasuringConditions(
    protocol="mini/1",
    backbone="resnet50",
    height=64,
    width=32,
    scope="inner",
    data="synthped-quick",
    images=256,
    reduction=0.5,
    device="cpu",
    hardware="Example CPU",
    threads=1,
    torch="2.9.0",
)


def component(target: str = "Squeeze", **changes: Any) -> Component[MethodRecord]:
    fields = {
        "name": "squeeze",
        "version": "1",
        "summary": "Removes the filters that say least.",
        "reference": "Someone et al., Squeezing | Pruning, 2020",
        "target": target if ":" in target else f"tests.cards.criteria:{target}",
    }
    return Component(MethodRecord(**{**fields, **changes}), Plugin("tests", "tests", "1"))


def cost(**changes: Any) -> Cost:
    fields = {
        "method": "squeeze",
        "version": "1",
        "setting": SETTING,
        "recalibration": 1.7,
        "ranking": 2.345,
        "cut": 61.2,
        "parts": {"ranking": 12.4, "refitting": 0.01, "cutting": 47.9},
    }
    return Cost(**{**fields, **changes})


def card(*costs: Cost, target: str = "Squeeze", **changes: Any) -> Card:
    (made,) = make_cards([component(target, **changes)], costs)
    return made


def example() -> Card:
    """Return a card that has all a card can have."""
    return card(
        cost(),
        strategy="iterative",
        allocation="global",
        data="images",
        options={"power": 1e-5, "mode": "both"},
        authors_epochs=100,
        authors_schedule="ImageNet, at rate .1",
        needs="other[thing]",
    )
