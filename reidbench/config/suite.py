"""Suites: the scenarios, backbones, data, methods, reductions and seeds of a study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from reidbench.api.records import STRATEGIES, Allocation, Strategy
from reidbench.config import yaml_document
from reidbench.config.claim import Claims, refuse_unknown
from reidbench.config.protocol import Protocol
from reidbench.config.yaml_document import Located, problem_at
from reidbench.errors import did_you_mean

NO_OVERRIDE = (
    "a suite may not override the rules of its protocol; name another protocol "
    "(see 'reidbench protocols')"
)

Domain = Literal["source", "bridge", "target"]
Evaluate = Literal["test", "validation"]
T = TypeVar("T")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_list(value: Any) -> Any:
    """Accept one word in place of a list of one."""
    return (value,) if isinstance(value, str) else value


def _all_strategies(value: Any) -> Any:
    """Accept ``all`` in place of every strategy."""
    return STRATEGIES if value == "all" else _as_list(value)


SomeStrategies = Annotated[
    tuple[Strategy, ...],
    BeforeValidator(
        _all_strategies, json_schema_input_type=Literal["all"] | Strategy | tuple[Strategy, ...]
    ),
]


class PhaseSpec(_Part):
    """One phase of a scenario: ``train: target`` or ``prune: target``.

    Attributes:
        share: the part of the trial's reduction that a prune phase reaches at its end.
        while_training: strategies (or ``all``) that prune during the train phase right before:
            both budgets become one phase, with the same batches and learning rates.
        not_for: strategies to which the scenario does not apply.

    """

    train: Domain | None = None
    prune: Domain | None = None
    share: float = Field(gt=0, le=1, default=1.0, strict=True)
    while_training: SomeStrategies = ()
    not_for: SomeStrategies = ()

    @model_validator(mode="after")
    def _one_kind(self) -> PhaseSpec:
        if (self.train is None) == (self.prune is None):
            raise ValueError("a phase is either 'train: DOMAIN' or 'prune: DOMAIN'")
        if self.train and self.model_fields_set - {"train"}:
            raise ValueError("'share', 'while_training' and 'not_for' are of 'prune:' phases")
        # All of them are all that the phase is for.
        named = self.while_training if self.while_training != STRATEGIES else ()
        for place, strategy in enumerate(named):
            if strategy in self.not_for:
                message = f"'{strategy}' is in 'not_for' too: leave it out of one of them"
                raise problem_at(("while_training", place), message)
        return self

    @property
    def kind(self) -> Literal["train", "prune"]:
        """Whether the phase trains or prunes."""
        return "prune" if self.train is None else "train"

    @property
    def domain(self) -> Domain:
        """Where the phase's images come from."""
        domain = self.train or self.prune
        assert domain is not None
        return domain


class BackboneSpec(_Part):
    """A backbone, the options that differ from its defaults, and what runs on it.

    Lists of values make a grid: a backbone for each combination.
    ``methods`` are names of the suite's methods; all of them if left out.
    """

    backbone: str
    options: Mapping[str, Any] = {}
    methods: tuple[str, ...] | None = Field(min_length=1, default=None)


class DatasetSpec(_Part):
    """A data set and the options that differ from its defaults; of targets, lists make a grid.

    ``complete: false`` accepts a copy whose numbers differ from the published ones.
    """

    dataset: str
    options: Mapping[str, Any] = {}
    complete: bool = True


class SourceSpec(DatasetSpec):
    """The source, and published weights that replace training on it from the start.

    ``weights`` is a word that the backbones know (``imagenet``), or the path of a file, relative to
    the suite's folder, in which ``{backbone}`` stands for the backbone's name.
    """

    weights: str | None = None


Strategies = Annotated[
    tuple[Strategy, ...],
    Field(min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Strategy | tuple[Strategy, ...]),
]
Allocations = Annotated[
    tuple[Allocation, ...],
    Field(min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Allocation | tuple[Allocation, ...]),
]


class MethodSpec(_Part):
    """A method; strategy and allocation replace its record's.

    Lists of them, and of an option's values, make a grid: a row for each combination.
    """

    method: str
    strategy: Strategies | None = None
    allocation: Allocations | None = None
    options: Mapping[str, Any] = {}


def _named(key: str, spec: type[_Part]) -> BeforeValidator:
    """Accept ``resnet18`` in place of ``{backbone: resnet18}``, in the JSON schema too."""
    return BeforeValidator(
        lambda value: {key: value} if isinstance(value, str) else value,
        json_schema_input_type=str | spec,
    )


Backbone = Annotated[BackboneSpec, _named("backbone", BackboneSpec)]
Dataset = Annotated[DatasetSpec, _named("dataset", DatasetSpec)]
Source = Annotated[SourceSpec, _named("dataset", SourceSpec)]
Method = Annotated[MethodSpec, _named("method", MethodSpec)]
# Strict, because YAML has numbers: true is no seed, and "0.5" in quotes is a mistake.
Reduction = Annotated[float, Field(gt=0, lt=1, strict=True)]
Seed = Annotated[int, Field(ge=0, strict=True)]


class Suite(_Part):
    """A suite file: its trials are the grid of its fields.

    Attributes:
        source: the data set of the first training.
        bridge: a large data set between source and targets.
        evaluate: ``validation`` holds people out of every training split of people, trains on the
            others and measures on these; for choosing, never for a table of test results.
        claims: sentences that the results support or refute.
        miniature: a suite with the same questions on drawn data, for users without the photographs.

    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    summary: str = ""
    miniature: str | None = None
    protocol: str
    scenarios: Mapping[str, tuple[PhaseSpec, ...]] = Field(min_length=1)
    backbones: tuple[Backbone, ...] = Field(min_length=1)
    source: Source | None = None
    bridge: Dataset | None = None
    targets: tuple[Dataset, ...] = Field(min_length=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    reductions: tuple[Reduction, ...] = Field(min_length=1)
    seeds: tuple[Seed, ...] = Field(min_length=1)
    evaluate: Evaluate = "test"
    claims: Claims = ()

    @field_validator("seeds", "reductions", "methods", "backbones", "targets")
    @classmethod
    def _no_repeats(cls, values: tuple[T, ...]) -> tuple[T, ...]:
        for index, value in enumerate(values):
            if value in values[:index]:
                raise problem_at((index,), f"{_plain(value)} is listed twice")
        return values

    @field_validator("scenarios")
    @classmethod
    def _one_prune_at_least(
        cls, scenarios: Mapping[str, tuple[PhaseSpec, ...]]
    ) -> Mapping[str, tuple[PhaseSpec, ...]]:
        for name, phases in scenarios.items():
            if not any(phase.kind == "prune" for phase in phases):
                raise problem_at((name,), "a scenario needs a 'prune:' phase")
            _check_prune_phases(name, phases)
            twin = next(other for other, its in scenarios.items() if its == phases)
            if twin != name:
                raise problem_at((name,), f"has the very phases of scenario '{twin}'")
        return scenarios

    @field_validator("protocol", mode="before")
    @classmethod
    def _protocol_is_a_name(cls, value: Any) -> Any:
        if isinstance(value, dict):
            raise ValueError(NO_OVERRIDE)
        return value

    @model_validator(mode="after")
    def _domains_are_there(self) -> Suite:
        for name, phases in self.scenarios.items():
            for domain in ("source", "bridge"):
                if getattr(self, domain) is None and domain in {phase.domain for phase in phases}:
                    message = f"uses the {domain} domain: name a data set under '{domain}:'"
                    raise problem_at(("scenarios", name), message)
        return self

    @model_validator(mode="after")
    def _domains_are_used(self) -> Suite:
        used = {phase.domain for phases in self.scenarios.values() for phase in phases}
        for domain in ("source", "bridge"):
            if getattr(self, domain) is not None and domain not in used:
                message = f"no scenario trains or prunes on the {domain}: leave it out"
                raise problem_at((domain,), message)
        return self

    @model_validator(mode="after")
    def _weights_have_a_place(self) -> Suite:
        first = {phases[0].train for phases in self.scenarios.values()}
        if self.source and self.source.weights and "source" not in first:
            message = "stand for training on the source: no scenario begins with 'train: source'"
            raise problem_at(("source", "weights"), message)
        return self

    @model_validator(mode="after")
    def _methods_are_there(self) -> Suite:
        known = [spec.method for spec in self.methods]
        for index, backbone in enumerate(self.backbones):
            for name in backbone.methods or ():
                if name not in known:
                    message = f"'{name}' is none of the suite's methods{did_you_mean(name, known)}"
                    raise problem_at(("backbones", index, "methods"), message)
        return self

    @model_validator(mode="after")
    def _methods_are_run(self) -> Suite:
        for index, spec in enumerate(self.methods):
            if not any(it.methods is None or spec.method in it.methods for it in self.backbones):
                message = f"no backbone runs '{spec.method}': name it in the 'methods' of one"
                raise problem_at(("methods", index), message)
        return self

    @model_validator(mode="after")
    def _claims_speak_of_what_is_there(self) -> Suite:
        sources = [spec.dataset for spec in (self.source, self.bridge) if spec]
        known: dict[str, Collection[str | float]] = {
            "scenario": list(self.scenarios),
            "backbone": [spec.backbone for spec in self.backbones],
            "target": [spec.dataset for spec in self.targets],
            "source": sources,
            "method": [spec.method for spec in self.methods],
            "reduction": self.reductions,
        }
        refuse_unknown(self.claims, known)
        return self


def _check_prune_phases(name: str, phases: tuple[PhaseSpec, ...]) -> None:
    reached = 0.0
    for index, phase in enumerate(phases):
        if phase.kind == "train":
            continue
        if phase.share <= reached:
            message = "its share must be larger than that of the prune phase before it"
            raise problem_at((name, index, "share"), message)
        reached = phase.share
        before = phases[index - 1] if index else None
        if phase.while_training and (before is None or before.train != phase.prune):
            message = f"needs a phase 'train: {phase.prune}' right before it"
            raise problem_at((name, index, "while_training"), message)
    if reached != 1:
        raise problem_at((name,), "its last prune phase must reach the whole reduction: share 1")


def _plain(value: object) -> str:
    if isinstance(value, BaseModel):
        return repr(value.model_dump(exclude_defaults=True))
    return repr(value)


def load_suite(path: Path) -> Located[Suite]:
    """Read a suite file.

    Raises:
        DocumentError: missing, malformed, or with fields that are not allowed.

    """
    rules = yaml_document.field_names(Protocol) - yaml_document.field_names(Suite)
    return yaml_document.load(path, Suite, dict.fromkeys(rules, NO_OVERRIDE))
