"""The result of a trial, as its JSON file holds it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from reidbench.config.yaml_document import problem_at

SCHEMA_VERSION = 3
Resolution = Literal["1e-6", "1/65534"]
"""How exactly each query's average precision is kept: six digits, or packed as uint16."""
SCORE_TOLERANCE: Mapping[Resolution, float] = {"1e-6": 1e-6, "1/65534": 1e-5}
"""By how much the mean over queries may differ from the exact mAP because of that."""
Status = Literal["done", "failed", "diverged", "not applicable"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ComponentId(_Frozen):
    """Which plugin's component, in which version."""

    name: str
    version: str
    distribution: str
    content: str | None = None
    """Hash of the images found, for a data set on disk; the weights loaded in place of a source."""


class TrialId(_Frozen):
    """What was tried; ``reduction`` is the target, 0 for the dense control."""

    scenario: str
    backbone: str
    source: str | None
    target: str
    method: str
    strategy: str
    allocation: str
    control: bool
    reduction: float
    seed: int

    def __str__(self) -> str:
        where = f"{self.scenario}/{self.backbone}/{self.target}"
        how = f"[{self.strategy},{self.allocation}]@{100 * self.reduction:g}%"
        return f"{where}/{self.method}{how if self.reduction else ''}/seed{self.seed}"


class Cost(_Frozen):
    """MACs (batch 1, the protocol's input size) and parameters of the embedding path."""

    macs: int
    dense_macs: int
    parameters: int
    dense_parameters: int

    @property
    def reduction(self) -> float:
        """The achieved reduction, 1 - MACs / dense MACs."""
        return 1 - self.macs / self.dense_macs


class Width(_Frozen):
    """Channels kept of a channel group."""

    kept: int
    size: int


class Metrics(_Frozen):
    """Retrieval on query and gallery, fractions in [0, 1].

    ``mAP`` averages the precision at each hit (as torchreid and fast-reid do);
    ``mAP_trapezoid`` is the Market-1501 toolkit's trapezoid average precision.
    """

    rank1: float
    rank5: float
    rank10: float
    mAP: float  # noqa: N815 - the field's name in every re-ID paper
    mINP: float  # noqa: N815
    mAP_trapezoid: float  # noqa: N815
    valid_queries: int
    excluded_queries: int


class PhaseReport(_Frozen):
    """What one phase cost, and where its network is in the store."""

    kind: str
    on: str
    key: str
    epochs: float
    steps: int
    seconds: dict[str, float]


class Schedule(_Frozen):
    """How long a method trains from its pruning on, beside what its authors give it.

    ``epochs`` is the budget here; ``authors_epochs`` are of the authors' data, None if unknown or
    of no meaning. ``rescaled``: the authors' schedule is longer, and runs as a fraction of it.
    """

    epochs: float
    authors_epochs: float | None
    authors_schedule: str
    rescaled: bool


class Scores(_Frozen):
    """Metrics of the base network, right after the cut (batch norm recalibrated), and at the end.

    A network trained slim from its initialisation has neither base nor cut.
    """

    base: Metrics | None
    before_retraining: Metrics | None
    final: Metrics


class PerQuery(_Frozen):
    """What each query scores, aligned to the query list; None without a valid match."""

    pids: list[int]
    resolution: Resolution = "1e-6"
    average_precision: list[float | None]
    first_match: list[int | None] | None = None
    """Rank of the first valid match, from 1; results made before it was kept lack the list."""

    @model_validator(mode="after")
    def _aligned(self) -> PerQuery:
        if len(self.average_precision) != len(self.pids):
            raise ValueError("'average_precision' must have a value, or null, for each of 'pids'")
        if self.first_match is not None and (
            [rank is None for rank in self.first_match]
            != [value is None for value in self.average_precision]
        ):
            raise ValueError("'first_match' must be null where 'average_precision' is, only there")
        return self

    @property
    def means(self) -> Mapping[str, float]:
        """The metrics that follow from the lists alone, by their names; NaN if no query counts."""
        precision = [value for value in self.average_precision if value is not None]
        means = {
            "mAP": sum(precision) / len(precision) if precision else math.nan,
            "valid_queries": len(precision),
            "excluded_queries": len(self.pids) - len(precision),
        }
        if precision and self.first_match is not None:
            first = sorted(rank for rank in self.first_match if rank is not None)
            means |= {f"rank{k}": bisect_right(first, k) / len(first) for k in (1, 5, 10)}
        return means


def _tolerance(metric: str, queries: PerQuery) -> float:
    return SCORE_TOLERANCE[queries.resolution if metric == "mAP" else "1e-6"]


class Result(_Frozen):
    """A trial, its status and everything that was measured."""

    schema_version: Literal[3] = 3
    key: str
    status: Status
    error: str | None = None
    suite: str
    trial: TrialId
    division: Literal["closed", "open"] = "closed"
    drawn: bool
    protocol: dict[str, str]
    engine: int
    components: dict[str, ComponentId]
    tolerance: float
    cost: Cost | None = None
    widths: dict[str, Width] | None = None
    scores: Scores | None = None
    per_query: PerQuery | None = None
    phases: list[PhaseReport] = []
    schedule: Schedule | None = None
    provenance: dict[str, Any] = {}

    @model_validator(mode="after")
    def _done_means_measured(self) -> Result:
        if self.status == "done" and None in (self.cost, self.scores, self.per_query):
            raise ValueError("a trial that is done has cost, scores and per_query")
        return self

    @model_validator(mode="after")
    def _scores_are_those_of_the_queries(self) -> Result:
        if self.status == "done" and self.scores and self.per_query:
            for name, mean in self.per_query.means.items():
                given = getattr(self.scores.final, name)
                # Not '>', which no NaN is.
                if not abs(given - mean) <= _tolerance(name, self.per_query):
                    message = f"is {given:.7g}, but 'per_query' gives {mean:.7g}"
                    raise problem_at(("scores", "final", name), message)
        return self

    @property
    def matched(self) -> bool:
        """Whether the achieved reduction lies within the protocol's tolerance of the target."""
        return (
            self.cost is not None
            and abs(self.cost.reduction - self.trial.reduction) <= self.tolerance
        )
