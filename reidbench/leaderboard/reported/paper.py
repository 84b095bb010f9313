"""Numbers that papers report and nobody here reproduced, as data with their source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reidbench.config import yaml_document
from reidbench.config.yaml_document import Located, problem_at
from reidbench.errors import ReidbenchError

Percent = Annotated[float, Field(ge=0, le=100, strict=True)]
Amount = Annotated[float, Field(gt=0, strict=True)]
Word = Annotated[str, Field(min_length=1)]


class ReportedError(ReidbenchError):
    """A folder of reported numbers that is not there, or has none."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """Where numbers were printed, and what is known of how they came about."""

    short: Word
    """How a row names it: ``Masson et al. 2021``."""
    authors: Word
    title: Word
    venue: Word
    arxiv: str = ""
    figures: Word
    """Of which version of the paper the numbers are."""
    link: str = ""
    called: Mapping[str, Word]
    """What the paper calls each method."""
    protocol: Mapping[str, Word]
    caution: Word
    """What a reader of a single table must know, in a sentence or two."""

    @property
    def citation(self) -> str:
        """Authors, title, venue, arXiv number, and of which version the numbers are."""
        arxiv = f"arXiv {self.arxiv}" if self.arxiv else ""
        facts = (f"{self.authors}: {self.title}", self.venue, arxiv, self.figures)
        return "; ".join(fact for fact in facts if fact)


class Entry(_Frozen):
    """One network of a paper's table, scores in percent; None is not printed, or not known."""

    target: Word
    scenario: str = ""
    """Empty for a network that no scenario pruned, and for papers without scenarios."""
    network: Word
    method: Word
    point: str = ""
    """The paper's name for how much was removed."""
    parameters: Amount | None = None
    """Million."""
    approximate: bool = False
    """The parameters are not printed, but follow from what is."""
    gflops: Amount | None = None
    """As printed: papers count in their own ways, so these are compared with nothing."""
    mAP: Percent | None = None  # noqa: N815 - the field's name in every re-ID paper
    rank1: Percent | None = None
    top1: Percent | None = None
    """Classification accuracy, on a source domain."""
    failed: bool = False
    """The paper prints that it came to nothing."""

    @property
    def dense(self) -> bool:
        """Whether it is a network that nothing was removed from."""
        return self.method == "dense"

    @model_validator(mode="after")
    def _says_something(self) -> Entry:
        scored = (self.mAP, self.rank1, self.top1) != (None, None, None)
        if scored == self.failed:
            raise ValueError("needs either a score (mAP, rank1, top1) or 'failed: true'")
        if self.approximate and self.parameters is None:
            raise problem_at(("approximate",), "there are no parameters to be approximate")
        return self


class Paper(_Frozen):
    """A file of reported numbers."""

    format: Literal[1]
    reproduced_here: Literal[False]
    """Numbers that were measured here are results, and have no place in such a file."""
    source: Source
    parameters_of: Literal["embedding path", "whole network"]
    """A whole network has a classifier too: its parameters are compared with nothing."""
    may_be: Mapping[str, tuple[Word, ...]] = {}
    """Which data sets a target may be, where the paper does not say: ``cuhk03np`` has two."""
    notes: tuple[Word, ...] = ()
    entries: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_entry_once_and_explained(self) -> Paper:
        seen: dict[tuple[str, ...], int] = {}
        for index, it in enumerate(self.entries):
            if it.method not in self.source.called:
                message = f"source.called does not say what the paper calls {it.method!r}"
                raise problem_at(("entries", index, "method"), message)
            name = (it.target, it.scenario, it.network, it.method, it.point)
            if name in seen:
                message = f"the same network as entry {seen[name]}: {', '.join(filter(None, name))}"
                raise problem_at(("entries", index), message)
            seen[name] = index
        return self

    def about(self, target: str) -> tuple[Entry, ...]:
        """Return the entries of a data set, in the order of the file."""
        return tuple(
            it
            for it in self.entries
            if target == it.target or target in self.may_be.get(it.target, ())
        )


def load_paper(path: Path) -> Located[Paper]:
    """Read a file of reported numbers.

    Raises:
        DocumentError: missing, malformed, of another format, or with fields that are not allowed.

    """
    return yaml_document.load(path, Paper)


def load_papers(folder: Path) -> tuple[Paper, ...]:
    """Read every file of a folder, sorted by name.

    Raises:
        ReportedError: no such folder, or none in it.
        DocumentError: one of them is wrong.

    """
    if not folder.is_dir():
        raise ReportedError(
            f"{folder}: no such folder of reported numbers; give yours with --reported DIR, or "
            "--with-reported alone for those that come with reidbench"
        )
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ReportedError(
            f"{folder}: no reported numbers (*.yaml) here; give a folder that has some"
        )
    return tuple(load_paper(path).content for path in paths)
