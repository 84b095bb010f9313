"""Suites: which scenarios, networks, data, methods, reductions and seeds, under which protocol."""

from __future__ import annotations

from collections.abc import Mapping
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

from reidbench import document
from reidbench.document import Located, problem_at
from reidbench.protocol import Protocol
from reidbench.records import Allocation, Strategy

NO_OVERRIDE = (
    "a suite may not override the rules of its protocol; name another protocol "
    "(see 'reidbench protocols')"
)

Domain = Literal["source", "target"]
T = TypeVar("T")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseSpec(_Part):
    """One phase of a scenario: ``train: target`` or ``prune: target``."""

    train: Domain | None = None
    prune: Domain | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> PhaseSpec:
        if (self.train is None) == (self.prune is None):
            raise ValueError("a phase is either 'train: DOMAIN' or 'prune: DOMAIN'")
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
    """A backbone and the options that differ from its defaults."""

    backbone: str
    options: Mapping[str, Any] = {}


class DatasetSpec(_Part):
    """A data set and the options that differ from its defaults."""

    dataset: str
    options: Mapping[str, Any] = {}


def _as_list(value: Any) -> Any:
    """Let one word stand for a list of one."""
    return (value,) if isinstance(value, str) else value


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
    """A method; strategy and allocation replace those of its record, lists of them make a grid."""

    method: str
    strategy: Strategies | None = None
    allocation: Allocations | None = None
    options: Mapping[str, Any] = {}


def _named(key: str, spec: type[_Part]) -> BeforeValidator:
    """Let ``resnet18`` stand for ``{backbone: resnet18}``, in the JSON schema too."""
    return BeforeValidator(
        lambda value: {key: value} if isinstance(value, str) else value,
        json_schema_input_type=str | spec,
    )


Backbone = Annotated[BackboneSpec, _named("backbone", BackboneSpec)]
Dataset = Annotated[DatasetSpec, _named("dataset", DatasetSpec)]
Method = Annotated[MethodSpec, _named("method", MethodSpec)]
# Strict, because YAML has numbers: true is no seed, and "0.5" in quotes is a slip.
Reduction = Annotated[float, Field(gt=0, lt=1, strict=True)]
Seed = Annotated[int, Field(ge=0, strict=True)]


class Suite(_Part):
    """A suite file, complete: the grid of its fields are the trials."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    summary: str = ""
    protocol: str
    scenarios: Mapping[str, tuple[PhaseSpec, ...]] = Field(min_length=1)
    backbones: tuple[Backbone, ...] = Field(min_length=1)
    source: Dataset | None = None
    targets: tuple[Dataset, ...] = Field(min_length=1)
    methods: tuple[Method, ...] = Field(min_length=1)
    reductions: tuple[Reduction, ...] = Field(min_length=1)
    seeds: tuple[Seed, ...] = Field(min_length=1)

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
            if phases[-1].domain != "target":
                raise problem_at((name,), "must end on the target, where it is measured")
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
    def _source_is_there(self) -> Suite:
        for name, phases in self.scenarios.items():
            if self.source is None and any(phase.domain == "source" for phase in phases):
                message = "uses the source domain: name a data set under 'source:'"
                raise problem_at(("scenarios", name), message)
        return self


def _plain(value: object) -> str:
    if isinstance(value, BaseModel):
        return repr(value.model_dump(exclude_defaults=True))
    return repr(value)


def load_suite(path: Path) -> Located[Suite]:
    """Read a suite file.

    Raises:
        DocumentError: missing, malformed, or with fields that are not allowed.

    """
    rules = document.field_names(Protocol) - document.field_names(Suite)
    return document.load(path, Suite, dict.fromkeys(rules, NO_OVERRIDE))
