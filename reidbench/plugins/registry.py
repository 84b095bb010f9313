"""The components that plugins declare, by name, each with the plugin that owns it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from reidbench.api.records import BackboneRecord, DatasetRecord, FamilyRecord, MethodRecord, Record
from reidbench.errors import ReidbenchError, did_you_mean, named_line
from reidbench.interrupts import returned
from reidbench.plugins.observers import Observers

R = TypeVar("R", bound=Record)


class UnknownComponent(ReidbenchError):  # noqa: N818 - as MissingData, NoRoom
    """A name that no plugin, or more than one, declares."""


@dataclass(frozen=True)
class Plugin:
    """One entry point and the distribution that installed it."""

    name: str
    distribution: str
    version: str

    @classmethod
    def of(cls, entry: EntryPoint) -> Plugin:
        """Return the plugin of an entry point."""
        dist = entry.dist
        if dist is None:
            return cls(entry.name, "?", "?")
        # Both are None in a distribution without metadata, against their declared type.
        return cls(entry.name, dist.name or "?", dist.version or "?")

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True)
class PluginProblem:
    """Why a plugin was left out."""

    plugin: Plugin
    reason: str


@dataclass(frozen=True)
class Component(Generic[R]):
    """A record and the plugin that owns it."""

    record: R
    owner: Plugin

    def identity(self) -> dict[str, str]:
        """Return what identifies the component in keys and results."""
        return {
            "name": self.record.name,
            "version": self.record.version,
            "distribution": self.owner.distribution,
        }


@dataclass(frozen=True)
class DeclaredProtocol:
    """A protocol that a plugin brings, unread: a file, or the document that a file would hold."""

    source: Path | Mapping[str, Any]
    owner: Plugin


class Catalogue(Generic[R]):
    """The components of one kind, by name; a name declared twice is an error only when used."""

    def __init__(
        self,
        kind: str,
        components: Iterable[Component[R]],
        families: Iterable[Component[FamilyRecord]] = (),
    ) -> None:
        self.kind = kind
        self.families = tuple(it for it in families if it.record.kind == kind)
        self.components = tuple(sorted(components, key=lambda c: (c.record.name, str(c.owner))))

    def names(self) -> list[str]:
        """Return the declared names, sorted."""
        return sorted({c.record.name for c in self.components})

    def get(self, name: str) -> Component[R]:
        """Return the component called ``name``, of a family if it is ``prefix:name``.

        Raises:
            UnknownComponent: no plugin, or more than one, declares it.

        """
        owners: list[Component[Any]] = [c for c in self.components if c.record.name == name]
        prefix, colon, own = name.partition(":")
        family = [it for it in self.families if it.record.name == prefix] if colon else []
        if not owners and len(family) == 1:
            return self._member(family[0], name, own)
        owners += family
        if not owners:
            # All of dozens of names only if none is close: they would hide the sentence.
            close = did_you_mean(name, self.names())
            known = "" if close else f"known: {', '.join(self.names()) or 'none'}; "
            raise UnknownComponent(
                f"no plugin declares a {self.kind} '{name}'{close} ({known}see 'reidbench plugins')"
            )
        if len(owners) > 1:
            declared = " and by ".join(f"{c.owner} (plugin '{c.owner.name}')" for c in owners)
            raise UnknownComponent(
                f"{self.kind} '{name}' is declared by {declared}; leave one out with "
                "--disable-plugin and its distribution's or plugin's name"
            )
        return owners[0]

    def _member(self, family: Component[FamilyRecord], name: str, own: str) -> Component[R]:
        """Return a family's component; what its plugin raises is a sentence."""

        def unknown(error: BaseException) -> UnknownComponent:
            if isinstance(error, ReidbenchError):
                return UnknownComponent(str(error))
            if isinstance(error, LookupError) and error.args:
                return UnknownComponent(f"no {self.kind} '{name}': {error.args[0]}")
            return UnknownComponent(
                f"{self.kind} '{name}' cannot be found by {family.owner} ({named_line(error)}); "
                "correct the plugin"
            )

        record: Any = returned(lambda: family.record.load()(own), unknown)
        if not isinstance(record, Record) or record.name != name:
            raise UnknownComponent(
                f"family '{family.record.name}' of {family.owner} gave {record!r:.80} for '{name}'"
            )
        return Component(cast(R, record), family.owner)


@dataclass(frozen=True)
class Registry:
    """All usable components, the plugins they came from, and the plugins left out."""

    methods: Catalogue[MethodRecord]
    backbones: Catalogue[BackboneRecord]
    datasets: Catalogue[DatasetRecord]
    plugins: tuple[Plugin, ...]
    problems: tuple[PluginProblem, ...]
    observers: Observers
    protocols: tuple[DeclaredProtocol, ...] = ()

    def named(self, name: str) -> list[Component[Any]]:
        """Return the components called ``name``: one, unless a name is used for several kinds.

        Raises:
            UnknownComponent: no plugin declares one, or two plugins declare one of a kind.

        """
        catalogues: tuple[Catalogue[Any], ...] = (self.methods, self.backbones, self.datasets)
        found = [catalogue.get(name) for catalogue in catalogues if name in catalogue.names()]
        if not found:
            known = [one for catalogue in catalogues for one in catalogue.names()]
            raise UnknownComponent(
                f"no plugin declares a method, backbone or data set '{name}'"
                f"{did_you_mean(name, known)} (see 'reidbench plugins')"
            )
        return found

    def trial_finished(self, result: Any) -> None:
        """Tell every observer of a result."""
        self.observers.tell("reidbench_trial_finished", result)
