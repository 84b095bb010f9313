"""Configured components: a record with its options, and what of a data set was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.api.records import Allocation, DatasetRecord, MethodRecord, Strategy, is_marked_drawn
from reidbench.datasets.locate import open_dataset
from reidbench.plugins import Component
from reidbench.results import ComponentId

DATA_ROOT = Path("data")
"""Where data sets on disk are looked for unless the user says otherwise."""


@dataclass(frozen=True)
class Configured:
    """A component with its options, defaults filled in."""

    component: Component[Any]
    options: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The name, with the options that differ from the defaults."""
        record = self.component.record
        differing = [
            f"{name}={value}"
            for name, value in self.options.items()
            if value != record.options.get(name)
        ]
        return f"{record.name}({', '.join(differing)})" if differing else str(record.name)

    def document(self) -> dict[str, Any]:
        """Return identity and options, as keys hash them."""
        return {**self.component.identity(), "options": dict(self.options)}

    def identity(self) -> ComponentId:
        """Return the component's identity, as results carry it."""
        return ComponentId(**self.component.identity())

    def build(self) -> Any:
        """Import the target and call it with the options.

        Raises:
            TargetError: the target cannot be imported.
            OptionError: the target refused the value of an option.

        """
        return self.component.record.build(self.options)


@dataclass(frozen=True)
class ConfiguredData(Configured):
    """A data set, and what of it was found.

    Attributes:
        root: below which data sets on disk are looked for.
        complete: whether a copy that differs from the published statistics is refused.
        opened: the lists that a plan has read already, by what they are of.

    """

    root: Path = DATA_ROOT
    complete: bool = True
    opened: dict[str, ReIDData | ClassificationData] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def record(self) -> DatasetRecord:
        """The data set's record."""
        record = self.component.record
        assert isinstance(record, DatasetRecord)
        return record

    @property
    def label(self) -> str:
        """The name, with the options that differ, and whether it may be incomplete."""
        return self.seeded_by if self.complete else f"{self.seeded_by} (incomplete)"

    @property
    def seeded_by(self) -> str:
        """What seeds are derived from: the label, whatever the suite thinks of completeness."""
        return super().label

    @cached_property
    def folder(self) -> Path | None:
        """Where it is, for one on disk that is there."""
        return self.record.disk.find(self.root) if self.record.disk else None

    @property
    def missing(self) -> bool:
        """Whether it must be on disk, and is not."""
        return self.record.disk is not None and self.folder is None

    @property
    def drawn(self) -> bool:
        """Whether its images are drawn: it says so, or the copy on disk is marked."""
        return self.record.drawn or (self.folder is not None and is_marked_drawn(self.folder))

    @property
    def held(self) -> ReIDData | ClassificationData | None:
        """Its lists, for one on disk that is there; read when first asked for."""
        if self.folder is None:
            return None
        key = json.dumps(super().document(), sort_keys=True)
        if key not in self.opened:
            self.opened[key] = open_dataset(self.component, self.options, self.root)
        return self.opened[key]

    @cached_property
    def content(self) -> str | None:
        """A hash of what is on disk, which decides numbers; None for a data set that needs none."""
        held = self.held
        return held.fingerprint[:16] if held else None

    def named(self) -> dict[str, Any]:
        """Return identity and options: what is asked for, whatever is there."""
        return super().document()

    def document(self) -> dict[str, Any]:
        """Return identity, options and content, as keys hash them."""
        document = self.named()
        return document if self.content is None else {**document, "content": self.content}

    def identity(self) -> ComponentId:
        """Return the data set's identity and content, as results carry them."""
        return ComponentId(**self.component.identity(), content=self.content)

    def build(self) -> ReIDData | ClassificationData:
        """Return its images.

        Raises:
            MissingData: it is on disk, and not found.
            DataError: what is found breaks its rules.

        """
        return self.held or open_dataset(self.component, self.options, self.root)


@dataclass(frozen=True)
class ConfiguredMethod(Configured):
    """A method with its strategy and allocation."""

    strategy: Strategy
    allocation: Allocation

    @property
    def record(self) -> MethodRecord:
        """The method's record."""
        record = self.component.record
        assert isinstance(record, MethodRecord)
        return record

    def document(self) -> dict[str, Any]:
        """Return identity, options, strategy and allocation, as keys hash them."""
        return {**super().document(), "strategy": self.strategy, "allocation": self.allocation}
