"""Configured components: a record with its options, and the copy of a data set that was found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.api.records import (
    Allocation,
    BackboneRecord,
    DatasetRecord,
    MethodRecord,
    Strategy,
    is_marked_drawn,
)
from reidbench.config.suite import Evaluate
from reidbench.datasets.content import with_digests
from reidbench.datasets.locate import open_dataset, parts
from reidbench.datasets.validation import VALIDATION, validation_split
from reidbench.plugins import Component
from reidbench.results import ComponentId

DATA_ROOT = Path("data")
"""Where data sets on disk are looked for unless the user says otherwise."""

Lists: TypeAlias = ReIDData | ClassificationData
"""The image lists of a data set; images are read one by one."""


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
            for name, value in _without_folders(self.options).items()
            if value != record.options.get(name)
        ]
        return f"{record.name}({', '.join(differing)})" if differing else str(record.name)

    @property
    def in_full(self) -> str:
        """The label and the plugin, for people: ``'l1' of plugin reidbench 0.1``."""
        return f"'{self.label}' of plugin {self.component.owner}"

    def configuration(self) -> dict[str, Any]:
        """Return all that a suite sets: identity and options, paths as they are."""
        options = {
            name: str(value.absolute()) if isinstance(value, Path) else value
            for name, value in self.options.items()
        }
        return {**self.component.identity(), "options": options}

    def document(self) -> dict[str, Any]:
        """Return what keys hash: the configuration, of paths the last name."""
        return {**self.configuration(), "options": _without_folders(self.options)}

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


def _without_folders(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the last name of each path: keys and rows are the same anywhere."""
    return {
        name: value.absolute().name if isinstance(value, Path) else value
        for name, value in options.items()
    }


C = TypeVar("C", bound=Configured)


@dataclass(frozen=True)
class ConfiguredBackbone(Configured):
    """A backbone, what it starts from, and what runs on it.

    Attributes:
        weights: published weights that replace training on the source: a word or a file.
        methods: names of the methods that run on it, None for all.
        size: channels, height and width of the protocol's images.

    """

    weights: str | Path | None = None
    methods: tuple[str, ...] | None = None
    size: tuple[int, int, int] = (3, 224, 224)

    def build(self) -> Any:
        """Return the network for images of the protocol's size, as ``Configured.build`` does."""
        record = self.component.record
        assert isinstance(record, BackboneRecord)
        return record.build_for(self.size, self.options)

    def runs(self, method: ConfiguredMethod) -> bool:
        """Return whether the suite runs a method on this backbone."""
        return self.methods is None or method.record.name in self.methods


@dataclass(frozen=True)
class ConfiguredData(Configured):
    """A data set, and where it was looked for.

    Attributes:
        root: below which data sets on disk are looked for.
        complete: whether a copy that differs from the published statistics is refused.
        evaluate: whether its test split is measured on, or people held out of its training split.
        cached_lists: the lists that a plan has read already, by configuration.
        known_digests: digests of splits by name that another process has found, by configuration.

    """

    root: Path = DATA_ROOT
    complete: bool = True
    evaluate: Evaluate = "test"
    cached_lists: dict[str, Lists] = field(default_factory=dict, compare=False, repr=False)
    known_digests: dict[str, Mapping[str, str]] = field(
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
        """The name, with the options that differ, and how it is not the published test."""
        marks = [] if self.complete else ["incomplete"]
        marks += ["validation"] if self.on_validation else []
        return f"{self.seeded_by} ({', '.join(marks)})" if marks else self.seeded_by

    @property
    def seeded_by(self) -> str:
        """What seeds are derived from: the label, without its marks."""
        return super().label

    @cached_property
    def folder(self) -> Path | None:
        """The folder that holds it; None if it is built in, or not there."""
        return self.record.disk.find(self.root) if self.record.disk else None

    @property
    def missing(self) -> bool:
        """Whether it must be on disk, and is not."""
        return self.record.disk is not None and self.folder is None

    @property
    def drawn(self) -> bool:
        """Whether its images are drawn: its record says so, or the copy on disk is marked."""
        folders = [self.folder] if self.folder is not None else []
        own = [value for value in self.options.values() if isinstance(value, Path)]
        folders += [value if value.is_dir() else value.parent for value in own]
        return self.record.drawn or any(is_marked_drawn(folder) for folder in folders)

    @property
    def on_validation(self) -> bool:
        """Whether people held out of its training split are what is measured on."""
        return self.evaluate == "validation" and self.record.task == "re-id"

    def lists(self) -> Lists:
        """Return the lists to train and measure on: its own, or those of its validation split.

        Raises:
            MissingData: it is on disk, and not found.
            DataError: what is found breaks its rules.

        """
        whole = self.whole()
        if not (self.on_validation and isinstance(whole, ReIDData)):
            return whole
        if not self.keyed_by_content:
            return validation_split(whole)
        key = canonical(self.configuration())
        if key not in self.cached_lists:
            self.cached_lists[key] = validation_split(whole)
        return self.cached_lists[key]

    def whole(self) -> Lists:
        """Return its lists as published, read once for all that share ``cached_lists``.

        Raises:
            MissingData: it is on disk, and not found.
            DataError: what is found breaks its rules.

        """
        if not self.keyed_by_content:
            return open_dataset(self.component, self.options, self.root)
        key = canonical(super().configuration())
        if key not in self.cached_lists:
            opened = open_dataset(self.component, self.options, self.root)
            self.cached_lists[key] = with_digests(opened, self.known_digests.get(key))
        return self.cached_lists[key]

    def digests(self) -> dict[str, str]:
        """Return the digests of its splits by name, as ``whole`` finds them."""
        return {name: split.digest for name, split in parts(self.whole()).items()}

    def believe(self, digests: Mapping[str, str]) -> None:
        """Take what ``digests`` returned in another process for what it would return in this."""
        self.known_digests[canonical(super().configuration())] = digests

    @property
    def keyed_by_content(self) -> bool:
        """Whether files decide its numbers: all data sets but those drawn from their options."""
        return self.folder is not None or (self.record.disk is None and not self.record.drawn)

    @cached_property
    def content(self) -> str | None:
        """A hash of lists and images, which decide numbers; None if drawn from its options."""
        return self.whole().fingerprint[:16] if self.keyed_by_content else None

    def configuration(self) -> dict[str, Any]:
        """Return all that a suite sets: identity, options, and the rule of a validation split."""
        document = super().configuration()
        return {**document, "split": VALIDATION} if self.on_validation else document

    def document(self) -> dict[str, Any]:
        """Return what keys hash: the configuration, and the content of a data set on disk."""
        document = self.settings_document()
        return document if self.content is None else {**document, "content": self.content}

    def settings_document(self) -> dict[str, Any]:
        """Return what keys hash of data whose images are not read: ``document`` without content."""
        return {**self.configuration(), "options": _without_folders(self.options)}

    def identity(self) -> ComponentId:
        """Return the data set's identity and content, as results carry them."""
        own = self.component.identity()
        if self.on_validation:
            own = {**own, "name": f"{own['name']} ({VALIDATION})"}
        return ComponentId(**own, content=self.content)

    def build(self) -> Lists:
        """Return its images, as ``lists`` does."""
        return self.lists()


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

    def criterion(self) -> dict[str, Any]:
        """Return what decides the scores of one network: identity and options."""
        return super().configuration()

    def configuration(self) -> dict[str, Any]:
        """Return all that a suite sets: identity, options, strategy and allocation."""
        return {**self.criterion(), "strategy": self.strategy, "allocation": self.allocation}


def canonical(document: Any) -> str:
    """Return a document as JSON with sorted keys: equal text for equal documents."""
    return json.dumps(document, sort_keys=True)


def distinct(components: Iterable[C]) -> list[C]:
    """Return components without those that are configured alike; reads nothing from disk."""
    # Thousands of trials share few objects, and comparing these is much faster.
    objects = {id(component): component for component in components}.values()
    return list({canonical(it.configuration()): it for it in objects}.values())
