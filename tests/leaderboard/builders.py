"""Results as a run would have written them, made from a few numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reidbench.results import (
    ComponentId,
    Cost,
    Metrics,
    PerQuery,
    PhaseReport,
    Result,
    Scores,
    Status,
    TrialId,
)

DENSE_MACS = 400_000_000
DENSE_PARAMETERS = 11_000_000
IDENTITIES = 40
QUERIES = 3
PIDS = [pid for pid in range(IDENTITIES) for _ in range(QUERIES)]

PROVENANCE: Mapping[str, Any] = {
    "reidbench": "0.1.0",
    "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
    "packages": {"torch": "2.6.0"},
    "hardware": {"cpu": "Some CPU", "cores": 2, "threads": 1, "gpu": None},
    "device": "cpu",
}


def queries(mean: float, *, seed: int = 0, noise: float = 0.02) -> list[float | None]:
    """Per-query AP around a mean: who is easy is the same for all, the rest is the row's own."""
    easy = np.linspace(-0.1, 0.1, IDENTITIES).repeat(QUERIES)
    own = np.random.default_rng([seed, round(mean * 1e6)]).normal(0, noise, len(PIDS))
    values: list[float | None] = (mean + easy + own - own.mean()).round(6).tolist()
    return values


def metrics(mean_ap: float) -> Metrics:
    return Metrics(
        rank1=mean_ap + 0.1,
        rank5=mean_ap + 0.15,
        rank10=mean_ap + 0.17,
        mAP=mean_ap,
        mINP=mean_ap - 0.2,
        mAP_trapezoid=mean_ap - 0.01,
        valid_queries=len(PIDS),
        excluded_queries=0,
    )


def measured(per_query: PerQuery) -> Metrics:
    """The metrics of these queries, those that they do not tell made up."""
    means = per_query.means
    return metrics(means["mAP"]).model_copy(update=dict(means))


def result(
    method: str = "l1",
    *,
    mean_ap: float = 0.7,
    reduction: float = 0.5,
    achieved: float | None = None,
    seed: int = 0,
    control: bool = False,
    strategy: str = "one-shot",
    allocation: str = "uniform",
    average_precision: Sequence[float | None] | None = None,
    **others: Any,
) -> Result:
    """A trial that went well."""
    removed = reduction if achieved is None else achieved
    given = queries(mean_ap, seed=seed) if average_precision is None else list(average_precision)
    first = others.pop("first_match", None)
    if first is not None:
        given = [value if rank else None for value, rank in zip(given, first, strict=True)]
    found = PerQuery(pids=others.pop("pids", PIDS), average_precision=given, first_match=first)
    backbone = others.pop("backbone", "resnet18")
    return Result(
        key=others.pop("key", f"{method}-{strategy}-{allocation}-{reduction:g}-{seed}"),
        status=others.pop("status", "done"),
        suite="paper",
        trial=TrialId(
            scenario=others.pop("scenario", "target-only"),
            backbone=backbone,
            source=others.pop("source", None),
            target=others.pop("target", "synthped"),
            method=method,
            strategy=strategy,
            allocation=allocation,
            control=control,
            reduction=reduction,
            seed=seed,
        ),
        drawn=others.pop("drawn", True),
        protocol=others.pop("protocol", {"name": "mini/1", "sha256": "5eed" * 16}),
        engine=others.pop("engine", 1),
        components=components(method, backbone, others.pop("versions", {})),
        tolerance=0.005,
        cost=Cost(
            macs=round(DENSE_MACS * (1 - removed)),
            dense_macs=DENSE_MACS,
            parameters=round(DENSE_PARAMETERS * (1 - removed)),
            dense_parameters=DENSE_PARAMETERS,
        ),
        scores=Scores(
            base=metrics(0.8),
            before_retraining=None if reduction == 0 else metrics(mean_ap - 0.3),
            final=measured(found),
        ),
        per_query=found,
        phases=others.pop(
            "phases",
            [
                phase("train", epochs=20, seconds=60.0),
                phase("prune", epochs=10, seconds=30.0 + seed),
            ],
        ),
        provenance=dict(PROVENANCE),
        **others,
    )


def components(
    method: str, backbone: str, versions: Mapping[str, tuple[str, str]]
) -> dict[str, ComponentId]:
    """All components in version 1 of this distribution, but for the ``versions`` given."""
    names = {"method": method.split("(")[0], "backbone": backbone, "target": "synthped"}
    names |= {role: f"some-{role}" for role in versions.keys() - names.keys()}
    found = {role: (name, *versions.get(role, ("1", "reidbench"))) for role, name in names.items()}
    return {
        role: ComponentId(name=name, version=version, distribution=distribution)
        for role, (name, version, distribution) in found.items()
    }


def phase(kind: str, *, epochs: float, seconds: float = 10.0, on: str = "synthped") -> PhaseReport:
    return PhaseReport(
        kind=kind,
        on=on,
        key=f"{kind}-key",
        epochs=epochs,
        steps=100,
        seconds={"training": seconds - 2.5, "ranking": 2.5},
    )


def failure(method: str = "l1", *, status: Status = "failed", error: str, **others: Any) -> Result:
    """A trial that came to nothing."""
    whole = result(method, **others)
    return whole.model_copy(
        update={
            "status": status,
            "error": error,
            "cost": None,
            "scores": None,
            "per_query": None,
            "phases": [],
        }
    )


def twice(results: Sequence[Result]) -> list[Result]:
    """Results as they are, and the same of another seed: a single one is not ranked."""
    again = [
        it.model_copy(
            update={
                "key": f"{it.key}-again",
                "trial": it.trial.model_copy(update={"seed": it.trial.seed + 1}),
            }
        )
        for it in results
    ]
    return [*results, *again]


def dense(*, mean_ap: float = 0.8, seed: int = 0, **others: Any) -> Result:
    """The control that removes nothing."""
    return result("dense", mean_ap=mean_ap, reduction=0.0, control=True, seed=seed, **others)


def example() -> list[Result]:
    """A small suite in which everything happens that a leaderboard has to show."""
    both = (0, 1)
    return [
        *(dense(mean_ap=0.80 + 0.004 * seed, seed=seed) for seed in both),
        *(result("l1", mean_ap=0.76 + 0.006 * seed, seed=seed) for seed in both),
        *(
            result("l1", mean_ap=0.762, strategy="iterative", allocation="global", seed=seed)
            for seed in both
        ),
        *(result("random", mean_ap=0.71, control=True, seed=seed) for seed in both),
        *(result("fpgm", mean_ap=0.79, achieved=0.47 + 0.01 * seed, seed=seed) for seed in both),
        result("taylor", mean_ap=0.75, seed=0),
        failure("taylor", seed=1, error="RuntimeError: no gradient | reached <conv1>\nTraceback"),
        *(
            failure("hrank", status="diverged", seed=seed, error="the loss is not a number")
            for seed in both
        ),
        result(
            "scratch-b",
            mean_ap=0.82,
            control=True,
            phases=[phase("prune", epochs=0), phase("train", epochs=40), phase("train", epochs=20)],
        ),
        result("l1", mean_ap=0.62, reduction=0.75, seed=0),
        result("random", mean_ap=0.5, reduction=0.75, control=True, seed=0),
    ]
