"""Claims: sentences of a paper, written as comparisons of rows, that results support or refute."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_serializer,
    model_validator,
)

from reidbench.api.records import Allocation, Strategy
from reidbench.config.yaml_document import problem_at
from reidbench.errors import did_you_mean

Metric = Literal["mAP", "rank-1"]
Judged = Literal["together", "each"]
Standing = Literal["supported", "refuted", "undecided"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)

EACH_OTHER = "each-other"
BOUNDS = {
    "at_least": "at least",
    "more_than": "more than",
    "at_most": "at most",
    "within": "within",
}

# How a field reads, in the order of a sentence.
WORDS = {
    "method": "of",
    "reduction": "at",
    "strategy": "by strategy",
    "allocation": "by allocation",
    "scenario": "in",
    "backbone": "with",
    "source": "from",
    "target": "on",
}

# In points, so that the last bits of a sum do not decide a claim.
POINTS_TOLERANCE = 1e-9

V = TypeVar("V")


def _as_list(value: Any) -> Any:
    """Turn one value into a list of one."""
    return (value,) if isinstance(value, (str, int, float)) else value


def _distinct(values: tuple[V, ...]) -> tuple[V, ...]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise problem_at((index,), f"{value!r} is listed twice")
    return values


def _one_or_many(schema: dict[str, Any]) -> None:
    """Let an editor accept one value in place of a list."""
    for field, many in schema["properties"].items():
        schema["properties"][field] = {"anyOf": [many["items"], many]}


OneOrMany = Annotated[
    tuple[V, ...], Field(min_length=1), BeforeValidator(_as_list), AfterValidator(_distinct)
]
Name = Annotated[str, Field(min_length=1)]
# Strict, because YAML has numbers; 0 is the reduction of what keeps every channel.
Share = Annotated[float, Field(ge=0, lt=1, strict=True)]
Points = Annotated[float, Field(ge=-100, le=100, strict=True)]
Margin = Annotated[float, Field(gt=0, le=100, strict=True)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Selector(_Frozen):
    """Rows of a leaderboard: those with one of the values given, in every field that is named.

    A component's name stands for all its variants with options, its label in a table for one.
    """

    model_config = ConfigDict(json_schema_extra=_one_or_many)

    scenario: OneOrMany[Name] = ()
    backbone: OneOrMany[Name] = ()
    source: OneOrMany[Name] = ()
    target: OneOrMany[Name] = ()
    method: OneOrMany[Name] = ()
    strategy: OneOrMany[Strategy] = ()
    allocation: OneOrMany[Allocation] = ()
    reduction: OneOrMany[Share] = ()

    @property
    def named(self) -> Mapping[str, tuple[str | float, ...]]:
        """The fields that are named, with their values."""
        values = {field: getattr(self, field) for field in type(self).model_fields}
        return {field: given for field, given in values.items() if given}

    def __str__(self) -> str:
        named = self.named
        return " ".join(f"{word} {_either(named[f])}" for f, word in WORDS.items() if f in named)


def _either(values: tuple[str | float, ...]) -> str:
    *first, last = map(value_text, values)
    return f"{', '.join(first)} or {last}" if first else last


def value_text(value: str | float) -> str:
    """Write the value of a field: a reduction as a percentage."""
    return value if isinstance(value, str) else f"{100 * value:g} %"


def _counterparts(value: Any) -> Any:
    if value == EACH_OTHER:
        return None
    if not isinstance(value, (dict, Selector)):
        raise ValueError(f"must be fields with values, or '{EACH_OTHER}', not {value!r}")
    return value


class Claim(_Frozen):
    """A sentence, and the difference of scores by which it stands or falls, in points.

    Attributes:
        says: the sentence.
        source: who says it, and where.
        rows: the rows it speaks of; controls only where ``method`` names them.
        against: each row's counterparts are the same but for the fields named here, in which they
            have the values given; None for ``each-other``, every two rows of one table.
        at_least: the least that rows minus counterparts may be; ``more_than``, ``at_most`` alike.
        within: the most that any row may differ from its counterpart, either way.
        judge: the mean of all pairs ``together`` (the default), or ``each`` pair for itself, as
            ``within`` always does.

    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    says: str = Field(min_length=1)
    source: str = ""
    metric: Metric
    rows: Selector
    against: Annotated[
        Selector | None,
        BeforeValidator(_counterparts, json_schema_input_type=Literal["each-other"] | Selector),
    ]
    at_least: Points | None = None
    more_than: Points | None = None
    at_most: Points | None = None
    within: Margin | None = None
    judge: Judged | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Claim:
        given = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"needs exactly one of {', '.join(BOUNDS)}, in points; has {found}")
        return self

    @model_validator(mode="after")
    def _counterparts_differ(self) -> Claim:
        if self.against is None and self.within is None:
            message = f"'{EACH_OTHER}' has no direction: give 'within', or name the counterparts"
            raise problem_at(("against",), message)
        if self.against is not None and not self.against.named:
            message = "name at least one field in which the counterparts differ from the rows"
            raise problem_at(("against",), message)
        if self.within is not None and self.judge == "together":
            raise problem_at(("judge",), "'within' speaks of every pair: it is judged 'each'")
        return self

    @field_serializer("against")
    def _as_value_text(self, against: Selector | None) -> Any:
        return EACH_OTHER if against is None else against.model_dump(exclude_defaults=True)

    @property
    def judged(self) -> Judged:
        """``judge``, with its default filled in."""
        return self.judge or ("each" if self.within is not None else "together")

    @property
    def bound(self) -> str:
        """What is claimed of the difference, in words and points: ``at least -1``."""
        name, points = self._bound
        return f"{BOUNDS[name]} {'± ' if name == 'within' else ''}{points:g}"

    @property
    def comparison(self) -> str:
        """What is compared with what, in words."""
        rows = f"{self.rows}" if self.rows.method else f"of every method {self.rows}".strip()
        against = f"minus that {self.against}" if self.against else "the difference of any two"
        return f"{self.metric} {rows}, {against}"

    def standing(self, low: float, high: float) -> Standing:
        """Judge by a 95 % interval of the difference, in points.

        Supported if all of it satisfies the bound, refuted if all of it violates it.
        """
        if self.clearance(low, high) >= 0:
            return "supported"
        least, most = self._range
        return "refuted" if high < least or most < low else "undecided"

    def clearance(self, low: float, high: float) -> float:
        """Return by how many points an interval satisfies the bound, below 0 if it does not."""
        least, most = self._range
        return min(low - least, most - high)

    @property
    def _bound(self) -> tuple[str, float]:
        return next((name, given) for name in BOUNDS if (given := getattr(self, name)) is not None)

    @property
    def _range(self) -> tuple[float, float]:
        """The least and the greatest difference that satisfy the bound, but for rounding."""
        name, points = self._bound
        return {
            "at_least": (points - POINTS_TOLERANCE, math.inf),
            "more_than": (points + POINTS_TOLERANCE, math.inf),
            "at_most": (-math.inf, points + POINTS_TOLERANCE),
            "within": (-points - POINTS_TOLERANCE, points + POINTS_TOLERANCE),
        }[name]


def _distinct_names(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    names = [claim.name for claim in claims]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise problem_at((index, "name"), f"two claims are named '{name}'")
    return claims


Claims = Annotated[tuple[Claim, ...], AfterValidator(_distinct_names)]
"""The claims of a suite."""


def refuse_unknown(claims: Iterable[Claim], known: Mapping[str, Collection[str | float]]) -> None:
    """Refuse claims about what a suite does not have, with a pydantic error below ``claims``.

    ``known`` are the suite's values of each field; a field it lacks takes any value. A name in a
    suite stands for its variants with options too, and 0 is always a reduction.
    """
    for index, claim in enumerate(claims):
        for side in ("rows", "against"):
            for field, values in (getattr(claim, side) or Selector()).named.items():
                for place, value in enumerate(values):
                    if field in known and not _is_known(value, known[field]):
                        where = ("claims", index, side, field, place)
                        raise problem_at(where, _unknown(value, field, known[field]))


def _is_known(value: str | float, known: Collection[str | float]) -> bool:
    # The label of a variant begins with its component's name: ``taylor(form=weight)``.
    component = value.split("(")[0].strip() if isinstance(value, str) else None
    return value == 0 or value in known or component in known


def _unknown(value: str | float, field: str, known: Collection[str | float]) -> str:
    names = [name for name in known if isinstance(name, str)]
    close = did_you_mean(value, names) if isinstance(value, str) else ""
    return f"{value!r} is no {field} of the suite{close} (it has: {', '.join(map(str, known))})"
