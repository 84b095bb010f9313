"""Looks up a suite's components, and points at the line of what it cannot find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from reidbench.api.data import ClassificationData, ReIDData
from reidbench.api.records import OptionError
from reidbench.config.suite import DatasetSpec, Domain, Suite
from reidbench.config.yaml_document import Located
from reidbench.plan.components import Configured, ConfiguredData, ConfiguredMethod
from reidbench.plugins import Catalogue, Registry, UnknownComponent

C = TypeVar("C", bound=Configured)
# A word that backbones know, such as imagenet; whatever has a dot or a slash is a file.
_NAMES_A_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Resolver:
    """Looks up a suite's components, and points at the line of what it cannot find."""

    located: Located[Suite]
    registry: Registry
    data_root: Path
    _opened: dict[str, ReIDData | ClassificationData] = field(default_factory=dict)

    def backbones(self) -> list[tuple[Configured, tuple[str, ...] | None]]:
        """Return each backbone, and the methods it is for, None for all."""
        catalogue, specs = self.registry.backbones, self.located.content.backbones
        chosen = [
            self._chosen(catalogue, spec.backbone, spec.options, ("backbones", i))
            for i, spec in enumerate(specs)
        ]
        return list(
            zip(self._distinct("backbones", chosen), [s.methods for s in specs], strict=True)
        )

    def targets(self) -> list[ConfiguredData]:
        """Return each target; all are of people."""
        specs = enumerate(self.located.content.targets)
        targets = [self._data(spec, ("targets", i)) for i, spec in specs]
        for index, target in enumerate(targets):
            self._searchable(target, ("targets", index))
        return self._distinct("targets", targets)

    def domains(self) -> dict[Domain, ConfiguredData]:
        """Return the source and the bridge, those of them that the suite names."""
        suite = self.located.content
        domains: dict[Domain, ConfiguredData] = {}
        if suite.source:
            domains["source"] = self._data(suite.source, ("source",))
        if suite.bridge:
            domains["bridge"] = self._data(suite.bridge, ("bridge",))
            self._searchable(domains["bridge"], ("bridge",))
        return domains

    def weights(self, backbone: Configured, source: ConfiguredData | None) -> str | Path | None:
        """Return the published weights of a backbone; drawn images have none."""
        spec = self.located.content.source
        if spec is None or spec.weights is None or source is None or source.drawn:
            return None
        if not backbone.component.record.loader:
            message = f"'{backbone.label}' has no published weights: leave it, or them, out"
            raise self.located.fault(("source", "weights"), message)
        if _NAMES_A_WORD.fullmatch(spec.weights):
            return spec.weights
        file = spec.weights.replace("{backbone}", backbone.component.record.name)
        path = self.located.path.parent / file
        if not path.is_file():
            message = f"no such file: {path} ({{backbone}} stands for the backbone's name)"
            raise self.located.fault(("source", "weights"), message)
        return path

    def _searchable(self, data: ConfiguredData, where: tuple[str | int, ...]) -> None:
        if data.record.task != "re-id":
            message = f"'{data.label}' is for classification: it can be a source alone"
            raise self.located.fault(where, message)

    def _data(self, spec: DatasetSpec, where: tuple[str | int, ...]) -> ConfiguredData:
        chosen = self._chosen(self.registry.datasets, spec.dataset, spec.options, where)
        return ConfiguredData(
            chosen.component, chosen.options, self.data_root, spec.complete, self._opened
        )

    def methods(self) -> list[ConfiguredMethod]:
        """Return each method, once for each strategy and allocation that is asked for."""
        specs = range(len(self.located.content.methods))
        indexed = [(i, method) for i in specs for method in self._grid(i)]
        return self._distinct("methods", [m for _, m in indexed], [i for i, _ in indexed])

    def _distinct(self, field: str, chosen: list[C], places: list[int] | None = None) -> list[C]:
        """Refuse entries that differ only in what they leave to the defaults.

        ``places`` says where in the suite each stands, if not one by one.
        """
        documents = [entry.document() for entry in chosen]
        where = places or list(range(len(chosen)))
        for index, document in enumerate(documents):
            first = documents.index(document)
            if first < index:
                message = f"is {field}.{where[first]} again, once its defaults are filled in"
                if where[first] == where[index]:
                    message = "names a strategy or an allocation twice"
                raise self.located.fault((field, where[index]), message)
        return chosen

    def _grid(self, index: int) -> Iterator[ConfiguredMethod]:
        """Yield a method once for each strategy and allocation that its entry lists."""
        spec = self.located.content.methods[index]
        chosen = self._chosen(self.registry.methods, spec.method, spec.options, ("methods", index))
        record = chosen.component.record
        strategies, allocations = spec.strategy or (None,), spec.allocation or (None,)
        for swapped in ("strategy", "allocation") if record.prunes == "nothing" else ():
            if getattr(spec, swapped):
                message = f"'{spec.method}' removes nothing, and takes none: leave it out"
                raise self.located.fault(("methods", index, swapped), message)
        if "own" in strategies and record.strategy != "own":
            message = f"'{spec.method}' has no schedule of its own; name one of the strategies"
            raise self.located.fault(("methods", index, "strategy"), message)
        for strategy, allocation in product(strategies, allocations):
            yield ConfiguredMethod(
                chosen.component,
                chosen.options,
                strategy or record.strategy,
                allocation or record.allocation,
            )

    def _chosen(
        self,
        catalogue: Catalogue[Any],
        name: str,
        options: Mapping[str, Any],
        where: tuple[str | int, ...],
    ) -> Configured:
        try:
            component = catalogue.get(name)
        except UnknownComponent as error:
            raise self.located.fault(where, str(error)) from error
        for option, value in options.items():
            # One at a time, so that the error points at the option's own line.
            try:
                component.record.settings({option: value})
            except OptionError as error:
                raise self.located.fault((*where, "options", option), str(error)) from error
        return Configured(component, component.record.settings(options))
