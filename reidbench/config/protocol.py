"""Protocols: named, versioned, immutable rules of training, pruning and measurement."""

from __future__ import annotations

import hashlib
import json
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from reidbench.api.records import Task
from reidbench.config import yaml_document
from reidbench.errors import ReidbenchError, did_you_mean

FOLDER = Path(__file__).parent / "protocols"
LOCK = FOLDER / "protocols.lock.json"
CAVEATS = FOLDER / "caveats.json"


class ProtocolError(ReidbenchError):
    """A protocol that does not exist, or is not what was published under its name."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputRules(_Rules):
    """Image size in pixels and per-channel normalisation of RGB in [0, 1]."""

    height: int = Field(gt=0)
    width: int = Field(gt=0)
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def size(self) -> tuple[int, int, int]:
        """Channels, height, width of the network's input."""
        return (3, self.height, self.width)


class BatchRules(_Rules):
    """A PK batch: ``identities`` people with ``images`` images each."""

    identities: int = Field(ge=2)
    images: int = Field(ge=2)

    @property
    def size(self) -> int:
        """Images in a batch."""
        return self.identities * self.images

    def of(self, size: int) -> BatchRules:
        """Return such batches of another size, with as many images of each person."""
        return BatchRules(identities=size // self.images, images=self.images)


class ShuffledBatch(_Rules):
    """A batch of ``size`` images in the order of a shuffled pass, whatever their classes."""

    size: int = Field(ge=2)

    def of(self, size: int) -> ShuffledBatch:
        """Return such batches of another size."""
        return ShuffledBatch(size=size)


class AugmentRules(_Rules):
    """Probabilities of a flip and an erased rectangle; pixels of padding before the crop."""

    flip: float = Field(ge=0, le=1)
    pad: int = Field(ge=0)
    erase: float = Field(ge=0, le=1)


class LossRules(_Rules):
    """Identity loss with label smoothing, plus batch-hard triplet loss (Hermans et al. 2017)."""

    identity: float = Field(ge=0)
    label_smoothing: float = Field(ge=0, lt=1)
    triplet: float = Field(ge=0)
    margin: float = Field(ge=0)


class OptimiserRules(_Rules):
    """The optimiser and its peak learning rate."""

    name: Literal["adam", "sgd"]
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    momentum: float = Field(ge=0, lt=1, default=0.9)


class ScheduleRules(_Rules):
    """Learning rate over a phase: linear warm-up over a share of the steps, then a decay.

    ``final`` is the last learning rate as a share of the peak.
    """

    warm_up: float = Field(ge=0, lt=1)
    decay: Literal["cosine", "linear", "constant"]
    final: float = Field(ge=0, le=1)


class TrainingRules(_Rules):
    """How every network is trained, in every phase.

    ``memory_format`` is the order of weights and maps in memory, torch's own if it is absent:
    depthwise convolutions take a third less time with the channels last, and round differently.
    """

    batch: BatchRules | ShuffledBatch
    augment: AugmentRules
    loss: LossRules
    optimiser: OptimiserRules
    schedule: ScheduleRules
    bnneck: bool
    precision: Literal["float32", "bfloat16"]
    memory_format: Literal["channels_last"] | None = None


class Budget(_Rules):
    """Epochs of a phase; a prune phase's include its retraining.

    ``learning_rate`` is the phase's peak, if it is not the optimiser's.
    """

    epochs: float = Field(gt=0)
    learning_rate: float | None = Field(gt=0, default=None)


class Budgets(_Rules):
    """Epochs by kind of phase."""

    train: Budget
    prune: Budget


class SourceRules(_Rules):
    """How a network is trained on a classification source, and for how long."""

    budgets: Budgets
    training: TrainingRules

    @model_validator(mode="after")
    def _classifies(self) -> SourceRules:
        if not isinstance(self.training.batch, ShuffledBatch) or self.training.loss.triplet:
            raise ValueError("a classification source has 'batch: {size: N}' and no triplet loss")
        return self


class CalibrationRules(_Rules):
    """Training images for rankings and batch-norm recalibration: the same for every method."""

    images: int = Field(gt=0)
    batch: int = Field(gt=1)


class PruningRules(_Rules):
    """Which channels may be removed, and how strategies spread over a prune phase.

    Attributes:
        min_keep: share of each group's channels that is always kept (at least one channel).
        tolerance: how far the achieved reduction may be from the one that is asked for.
        active: share of a prune phase after which pruning is complete, under any strategy
            (one-shot cuts at its start); the rest is retraining.
        rounds: number of cuts of the iterative strategy.
        channels_per_round: if given, the share of the channels in scope that each cut of the
            iterative strategy removes (under uniform widths); ``rounds`` is then the maximum.
        soft_rounds: how often the progressive strategy shrinks filters.
        round_to: if given, every group that shrinks ends on a multiple of so many channels.

    """

    scope: Literal["inner", "all"]
    min_keep: float = Field(ge=0, lt=1)
    tolerance: float = Field(gt=0, lt=0.1)
    active: float = Field(gt=0, lt=1)
    rounds: int = Field(ge=1)
    channels_per_round: float | None = Field(gt=0, lt=1, default=None)
    soft_rounds: int = Field(ge=1)
    round_to: int | None = Field(ge=2, default=None)
    calibration: CalibrationRules

    @model_serializer(mode="wrap")
    def _without_absent_rounding(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave ``round_to`` out where it is absent: protocols print as before there was any."""
        rules: dict[str, Any] = serialise(self)
        if self.round_to is None:
            rules.pop("round_to", None)
        return rules

    @property
    def multiple(self) -> int:
        """The number of channels of which every shrunk group keeps a multiple."""
        return self.round_to or 1


class RerankRules(_Rules):
    """k-reciprocal re-ranking (Zhong et al. 2017): ``k1`` neighbours, ``k2`` for query expansion.

    ``weight`` is the paper's lambda, the share of the original distance.
    """

    k1: int = Field(ge=1)
    k2: int = Field(ge=1)
    weight: float = Field(ge=0, le=1)


class EvaluationRules(_Rules):
    """Retrieval: Euclidean distance or cosine of embeddings, after the BNNeck if there is one.

    ``rerank`` are the rules of re-ranking, None without one.
    """

    metric: Literal["euclidean", "cosine"]
    batch: int = Field(gt=0)
    rerank: RerankRules | None = None


class Protocol(_Rules):
    """A complete protocol; a suite cannot override any of it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*/[0-9]+$")
    summary: str
    input: InputRules
    budgets: Budgets
    training: TrainingRules
    pruning: PruningRules
    evaluation: EvaluationRules
    source: SourceRules | None = None
    macs: Literal["conv+linear+attention, batch 1"]
    average_precision: Literal["mean precision at each hit"]

    @model_validator(mode="after")
    def _calibration_fills_batches(self) -> Protocol:
        calibration, batch = self.pruning.calibration, self.training.batch
        if not isinstance(batch, BatchRules):
            raise ValueError("training.batch must be {identities: P, images: K}: re-ID batches")
        if calibration.images % calibration.batch:
            raise ValueError("pruning.calibration.images must be a multiple of its batch")
        people, rest = divmod(calibration.batch, batch.images)
        if rest or people < 2:
            raise ValueError(
                "pruning.calibration.batch must hold at least two people with "
                "training.batch.images images each"
            )
        return self

    @model_validator(mode="after")
    def _one_network(self) -> Protocol:
        if self.source and self.source.training.bnneck != self.training.bnneck:
            raise ValueError("source.training.bnneck must equal training.bnneck: one network")
        return self

    def on(self, task: Task) -> Protocol:
        """Return the rules for a phase on a data set of ``task``: training rules may differ.

        Raises:
            ProtocolError: the protocol has no rules to train on a classification set.

        """
        if task == "re-id":
            return self
        if self.source is None:
            raise ProtocolError(
                f"protocol {self.name} has no rules for a classification source: use a source of "
                "people, or a protocol with a 'source' section (see 'reidbench protocols')"
            )
        # Not validated: a protocol's own training must have re-ID batches.
        return self.model_copy(
            update={"training": self.source.training, "budgets": self.source.budgets}
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every rule (not of the summary), hexadecimal."""
        # Without absent rules, so that a new kind of rule changes no published digest.
        rules = {name: rule for name, rule in self.document().items() if name != "summary"}
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """Return every rule that is there, as JSON has it: what a file of the protocol holds."""
        return self.model_dump(mode="json", exclude_none=True)

    @property
    def is_published(self) -> bool:
        """Whether these rules are those published under the protocol's name."""
        return locked().get(self.name) == self.digest

    def identity(self) -> dict[str, str]:
        """Return name and digest, as results carry them."""
        return {"name": self.name, "sha256": self.digest}


def protocol_names() -> list[str]:
    """Return the names of the published protocols."""
    return sorted(locked())


def locked() -> dict[str, str]:
    """Return the published digest of each protocol by name."""
    lock: dict[str, str] = json.loads(LOCK.read_text(encoding="utf-8"))
    return lock


@cache
def caveat(name: str, digest: str) -> str:
    """Return what tables under a published protocol do not show; empty where nothing is known.

    It is learned after publication, so it is no part of the rules; ``digest`` says which they are.
    """
    if locked().get(name) != digest:
        return ""
    caveats: dict[str, str] = json.loads(CAVEATS.read_text(encoding="utf-8"))
    return caveats.get(name, "")


def load_protocol(name: str) -> Protocol:
    """Load a published protocol.

    Raises:
        ProtocolError: the name is unknown, or its file was changed after publication.

    """
    published = locked()
    if name not in published:
        raise ProtocolError(
            f"unknown protocol '{name}'{did_you_mean(name, published)} "
            f"(known: {', '.join(sorted(published))})"
        )
    path = FOLDER / f"{name.replace('/', '-')}.yaml"
    protocol = yaml_document.load(path, Protocol).content
    if protocol.digest != published[name]:
        raise ProtocolError(
            f"{path.name}: the rules of '{name}' were changed after publication; "
            "restore the file, and give new rules a new version"
        )
    return protocol
