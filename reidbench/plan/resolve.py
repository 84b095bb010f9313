"""Looks up a suite's components, and points at the line of what it cannot find."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from reidbench.api.records import OptionError
from reidbench.config.suite import DatasetSpec, Domain, MethodSpec, Suite
from reidbench.config.yaml_document import Located, Location
from reidbench.files import at_home
from reidbench.plan.components import (
    C,
    Configured,
    ConfiguredBackbone,
    ConfiguredData,
    ConfiguredMethod,
    Lists,
)
from reidbench.plugins import Catalogue, Component, Registry, UnknownComponent

# A word that backbones know, such as imagenet; anything with a dot or a slash is a file.
_WEIGHTS_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Components:
    """A suite's components, in its order; ``domains`` are the source and the bridge it names."""

    backbones: Sequence[ConfiguredBackbone]
    targets: Sequence[ConfiguredData]
    methods: Sequence[ConfiguredMethod]
    domains: Mapping[Domain, ConfiguredData]


def resolve(
    located: Located[Suite], registry: Registry, data_root: Path, size: tuple[int, int, int]
) -> Components:
    """Look up a suite's components; ``data_root`` is below which data sets on disk are looked for.

    Raises:
        DocumentError: a name no plugin declares, an option that its component does not have or
            take, an entry given twice, or weights that are not there.

    """
    resolver = _Resolver(located, registry, data_root, size)
    backbones, targets = resolver.backbones(), resolver.targets()
    methods, domains = resolver.methods(), resolver.domains()
    started = [resolver.with_weights(it, domains.get("source")) for it in backbones]
    return Components(started, targets, methods, domains)


@dataclass(frozen=True)
class _Resolver:
    located: Located[Suite]
    registry: Registry
    data_root: Path
    size: tuple[int, int, int]
    cached_lists: dict[str, Lists] = field(default_factory=dict)
    known_digests: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def backbones(self) -> list[ConfiguredBackbone]:
        """Return each backbone, without weights."""
        backbones: list[ConfiguredBackbone] = []
        places: list[int] = []
        for index, spec in enumerate(self.located.content.backbones):
            where = ("backbones", index)
            for found in self._grid(self.registry.backbones, spec.backbone, spec.options, where):
                backbones.append(
                    ConfiguredBackbone(
                        found.component, found.options, methods=spec.methods, size=self.size
                    )
                )
                places.append(index)
        return self._distinct("backbones", backbones, places)

    def with_weights(
        self, backbone: ConfiguredBackbone, source: ConfiguredData | None
    ) -> ConfiguredBackbone:
        """Return a backbone with its published weights, if any.

        A drawn stand-in on disk has none: its networks train on it. A data set that is drawn for
        everybody is refused.
        """
        spec = self.located.content.source
        if spec is None or spec.weights is None or source is None:
            return backbone
        if source.record.drawn:
            message = (
                f"'{source.label}' is drawn, and has no published weights: leave them out, and "
                "networks train on it"
            )
            raise self.located.fault(("source", "weights"), message)
        weights = self._weights(backbone, spec.weights)
        return backbone if source.drawn else replace(backbone, weights=weights)

    def _weights(self, backbone: ConfiguredBackbone, weights: str) -> str | Path:
        where = ("source", "weights")
        if not backbone.component.record.loader:
            message = f"'{backbone.label}' has no published weights: leave it, or them, out"
            raise self.located.fault(where, message)
        if _WEIGHTS_WORD.fullmatch(weights):
            return weights
        file = weights.replace("{backbone}", backbone.component.record.name.rpartition(":")[2])
        path = self.located.path.parent / at_home(file)
        if not path.is_file():
            message = f"no such file: {path} ({{backbone}} stands for the backbone's name)"
            raise self.located.fault(where, message)
        return path

    def targets(self) -> list[ConfiguredData]:
        """Return each target; all are re-ID data sets."""
        targets: list[ConfiguredData] = []
        places: list[int] = []
        for index, spec in enumerate(self.located.content.targets):
            variants = [self._reid(data, ("targets", index)) for data in self._data(spec, index)]
            targets += variants
            places += [index] * len(variants)
        _refuse_one_name(self.located, targets, places)
        return self._distinct("targets", targets, places)

    def domains(self) -> dict[Domain, ConfiguredData]:
        """Return the source and the bridge, if the suite names them."""
        suite = self.located.content
        domains: dict[Domain, ConfiguredData] = {}
        if suite.source:
            domains["source"] = self._one(suite.source, "source")
        if suite.bridge:
            domains["bridge"] = self._reid(self._one(suite.bridge, "bridge"), ("bridge",))
        return domains

    def _reid(self, data: ConfiguredData, where: Location) -> ConfiguredData:
        if data.record.task != "re-id":
            message = f"'{data.label}' is for classification: it can be a source alone"
            raise self.located.fault(where, message)
        return data

    def _data(self, spec: DatasetSpec, index: int) -> list[ConfiguredData]:
        where = ("targets", index)
        found = self._grid(self.registry.datasets, spec.dataset, spec.options, where)
        return [self._of_spec(each, spec, where) for each in found]

    def _one(self, spec: DatasetSpec, field: Domain) -> ConfiguredData:
        """Return the source or the bridge, of which a suite has one."""
        for option, value in spec.options.items():
            if isinstance(value, list):
                message = f"takes one value: a suite has one {field}, and lists make a grid"
                raise self.located.fault((field, "options", option), message)
        (found,) = self._grid(self.registry.datasets, spec.dataset, spec.options, (field,))
        return self._of_spec(found, spec, (field,))

    def _of_spec(self, found: Configured, spec: DatasetSpec, where: Location) -> ConfiguredData:
        if not spec.complete and found.component.record.disk is None:
            message = f"'{spec.dataset}' is no copy that could lack something: leave it out"
            raise self.located.fault((*where, "complete"), message)
        return ConfiguredData(
            found.component,
            found.options,
            self.data_root,
            spec.complete,
            self.located.content.evaluate,
            self.cached_lists,
            self.known_digests,
        )

    def methods(self) -> list[ConfiguredMethod]:
        """Return each method, once for each strategy, allocation and option that is asked for."""
        methods: list[ConfiguredMethod] = []
        places: list[int] = []
        for index, spec in enumerate(self.located.content.methods):
            variants = list(self._variants(spec, ("methods", index)))
            methods += variants
            places += [index] * len(variants)
        return self._distinct("methods", methods, places)

    def _variants(self, spec: MethodSpec, where: Location) -> Iterator[ConfiguredMethod]:
        """Yield a method once for each strategy, allocation and option that its entry lists."""
        variants = self._grid(self.registry.methods, spec.method, spec.options, where)
        record = variants[0].component.record
        for name in ("strategy", "allocation"):
            if record.prunes == "nothing" and getattr(spec, name):
                message = f"'{spec.method}' removes nothing, and takes none: leave it out"
                raise self.located.fault((*where, name), message)
        strategies = spec.strategy or (record.strategy,)
        if "own" in strategies and record.strategy != "own":
            message = f"'{spec.method}' has no schedule of its own; name one of the strategies"
            raise self.located.fault((*where, "strategy"), message)
        allocations = spec.allocation or (record.allocation,)
        for found, strategy, allocation in product(variants, strategies, allocations):
            yield ConfiguredMethod(found.component, found.options, strategy, allocation)

    def _distinct(
        self, field: str, components: list[C], places: Sequence[int] | None = None
    ) -> list[C]:
        """Refuse entries that differ only in what they leave to the defaults.

        ``places`` are the indices of their entries in the suite, if not one by one.
        """
        configurations = [component.configuration() for component in components]
        where = places or range(len(components))
        for index, configuration in enumerate(configurations):
            first = configurations.index(configuration)
            if first < index:
                message = f"is {field}.{where[first]} again, once its defaults are filled in"
                if where[first] == where[index]:
                    message = "names a strategy or an allocation twice"
                raise self.located.fault((field, where[index]), message)
        return components

    def _grid(
        self, catalogue: Catalogue[Any], name: str, options: Mapping[str, Any], where: Location
    ) -> list[Configured]:
        """Return a component once for each combination of the values that its options list."""
        try:
            component = catalogue.get(name)
        except UnknownComponent as error:
            raise self.located.fault(where, str(error)) from error
        for option, default in component.record.options.items():
            if isinstance(default, Path) and option not in options:
                message = f"'{name}' needs the option '{option}', a path relative to the suite"
                raise self.located.fault(where, message)
        choices = {
            option: self._choices(component, option, value, (*where, "options", option))
            for option, value in options.items()
        }
        return [
            Configured(component, component.record.settings(dict(zip(choices, each, strict=True))))
            for each in product(*choices.values())
        ]

    def _choices(
        self, component: Component[Any], option: str, value: Any, where: Location
    ) -> list[Any]:
        """Return the values that an entry gives one option: one, or those of a list."""
        found: list[Any] = []
        # One at a time, so that the error points at the option's own line.
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            place = (*where, index) if isinstance(value, list) else where
            try:
                chosen = component.record.settings({option: each})[option]
            except OptionError as error:
                raise self.located.fault(place, str(error)) from error
            if isinstance(chosen, Path):
                chosen = (self.located.path.parent / at_home(chosen)).absolute()
                if not chosen.exists():
                    raise self.located.fault(place, f"no such file or folder: {chosen}")
            if chosen in found:
                raise self.located.fault(place, f"{chosen!r} is listed twice")
            found.append(chosen)
        if not found:
            raise self.located.fault(where, "must not be empty: a value, or a list of values")
        return found


def _refuse_one_name(
    located: Located[Suite], targets: Sequence[ConfiguredData], places: Sequence[int]
) -> None:
    """Refuse two files of one name: rows could not tell them apart."""
    seen: dict[str, ConfiguredData] = {}
    for data, place in zip(targets, places, strict=True):
        twin = seen.setdefault(data.label, data)
        if twin.options != data.options:
            message = f"another target is called {data.label} too: rename its file or folder"
            raise located.fault(("targets", place), message)
