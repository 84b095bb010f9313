"""Results of several backbones on photographs, as large as the real networks are."""

from __future__ import annotations

from typing import Any

from reidbench.results import Cost, Result
from tests.leaderboard.builders import dense, result

# MACs at 256 x 128 and parameters of torchvision's networks.
SIZES = {
    "resnet18": (1_184_366_592, 11_176_512),
    "resnet34": (2_392_326_144, 21_284_672),
    "resnet50": (2_669_150_208, 23_508_032),
}


def sized(trial: Result, parameters: int | None = None) -> Result:
    """Give a result the cost, and the component, of its backbone."""
    name = trial.trial.backbone
    macs, whole = SIZES[name]
    assert trial.cost is not None
    cost = Cost(
        macs=round(macs * (1 - trial.cost.reduction)),
        dense_macs=macs,
        parameters=parameters or round(whole * (1 - trial.cost.reduction)),
        dense_parameters=whole,
    )
    backbone = trial.components["backbone"].model_copy(update={"name": name})
    parts = {**trial.components, "backbone": backbone}
    return trial.model_copy(update={"cost": cost, "components": parts})


def photographs(**others: Any) -> dict[str, Any]:
    """Return what results of ResNet-50 on Market-1501 have in common, but for ``others``."""
    shared = {"backbone": "resnet50", "source": "imagenet", "target": "market1501"}
    return {**shared, "scenario": "scenario-1", "drawn": False, **others}


def unpruned(backbone: str, mean_ap: float, *, seed: int = 0, **others: Any) -> Result:
    where = photographs(backbone=backbone, key=f"{backbone}-{seed}", **others)
    return sized(dense(mean_ap=mean_ap, seed=seed, **where))


def pruned(
    method: str, mean_ap: float, *, parameters: float, reduction: float = 0.5, **others: Any
) -> Result:
    """Return a pruned network of so many million parameters."""
    where = photographs(**others)
    made = result(method, mean_ap=mean_ap, reduction=reduction, **where)
    return sized(made, round(1e6 * parameters))


def board() -> list[Result]:
    """ResNet-50 at the sizes of the seed paper's C1 and C2, and two dense networks beside it."""
    unpruned_ones = [
        unpruned(backbone, mean_ap + 0.004 * seed, seed=seed)
        for backbone, mean_ap in (("resnet50", 0.70), ("resnet34", 0.68), ("resnet18", 0.62))
        for seed in (0, 1)
    ]
    pruned_ones = [
        pruned(method, mean_ap, parameters=size, reduction=reduction, seed=seed)
        for reduction, size, mean_ap in ((0.491, 11.90, 0.68), (0.616, 8.95, 0.65))
        for method in ("l1", "psfp")
        for seed in (0, 1)
    ]
    return unpruned_ones + pruned_ones
