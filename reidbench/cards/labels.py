"""What a record's fields mean, and how seconds are written."""

from __future__ import annotations

from collections.abc import Mapping

from reidbench.api.records import Allocation, BudgetRule, Data, Prunes, Strategy
from reidbench.cards.costs import Cost, MeasuringConditions

STRATEGY: Mapping[Strategy, str] = {
    "one-shot": "cut to the target at once, then retrain",
    "iterative": "cut and train in turns until the target is met, then retrain",
    "progressive": "shrink filters, which may grow back, while training; then cut and retrain",
    "regularised": "train with a penalty, then cut and retrain",
    "layerwise": "cut layer after layer, training a little after each, then retrain",
    "own": "a schedule of the method's own",
}
ALLOCATION: Mapping[Allocation, str] = {
    "uniform": "every layer loses the same share",
    "global": "one ranking over all layers",
}
DATA: Mapping[Data, str] = {
    "weights": "weights alone",
    "images": "calibration images",
    "labels": "calibration images and their labels",
}
PRUNES: Mapping[Prunes, str] = {
    "trained": "the trained network",
    "initial": "the untrained network, which then goes through every phase slim",
    "nothing": "nothing: every channel stays",
}
BUDGET: Mapping[BudgetRule, str] = {
    "epochs": "the protocol's epochs",
    "compute": "as many more epochs as the slim network is cheaper, at most twice",
}
OURS: Mapping[BudgetRule, str] = {
    "epochs": "Here every method trains for the protocol's epochs.",
    "compute": "Here it trains for the dense network's compute, so that its rows have no rank.",
}
RESCALED = "Where these are fewer, the schedule is rescaled to them, and results say *rescaled*."


def seconds(value: float | None) -> str:
    """Return seconds with two significant digits, or a dash."""
    if value is None:
        return "-"
    return f"{round(value):d}" if value >= 9.95 else f"{value:.1f}" if value >= 0.1 else "< 0.1"


def conditions(of: MeasuringConditions) -> str:
    """Return what was measured, and on what, as a sentence with Markdown."""
    threads = f"{of.threads} thread{'s' * (of.threads != 1)}"
    machine = of.hardware if of.device != "cpu" else f"{threads} of {of.hardware}"
    return (
        f"Measured on an untrained `{of.backbone}` at {of.height} x {of.width}, scope "
        f"`{of.scope}`, cut by {100 * of.reduction:g} % under `{of.protocol}`, with "
        f"{of.images} calibration images of `{of.data}`; {machine}, torch {of.torch}."
    )


def whole_cut(cost: Cost) -> str:
    """Return what the seconds of a whole cut went to."""
    parts = ", ".join(
        f"{activity} {seconds(value)}" for activity, value in cost.parts.items() if value >= 0.05
    )
    return f"the whole cut ({parts})" if parts else "the whole cut"
