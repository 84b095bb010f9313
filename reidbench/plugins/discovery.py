"""Discovers plugins by entry point, each alone: a broken one is reported, and does no harm."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from reidbench.api import API_VERSION
from reidbench.api.hooks import PROJECT
from reidbench.api.records import (
    BackboneRecord,
    DatasetRecord,
    FamilyRecord,
    MethodRecord,
    Record,
)
from reidbench.errors import ReidbenchError, did_you_mean, last_own_place, named_line, one_line
from reidbench.interrupts import fault_of
from reidbench.plugins import hookspecs
from reidbench.plugins.observers import Observers
from reidbench.plugins.registry import (
    Catalogue,
    Component,
    DeclaredProtocol,
    Plugin,
    PluginProblem,
    Registry,
    UnknownComponent,
)

GROUP = "reidbench"
_RECORD_TYPES: dict[str, type[Record]] = {
    "reidbench_methods": MethodRecord,
    "reidbench_backbones": BackboneRecord,
    "reidbench_datasets": DatasetRecord,
    "reidbench_families": FamilyRecord,
}
_log = logging.getLogger(__name__)


def discover(disabled: Sequence[str] = ()) -> Registry:
    """Load every plugin of the entry-point group that is not disabled.

    ``disabled`` are names of entry points or distributions. A plugin's fault is in the registry's
    ``problems``, and never raised.

    Raises:
        UnknownComponent: a disabled name that no installed plugin has.

    """
    manager = _manager()
    left_out = _left_out(disabled)
    loaded: list[Plugin] = []
    problems: list[PluginProblem] = []
    rules: list[DeclaredProtocol] = []
    found: dict[str, list[Component[Any]]] = {hook: [] for hook in _RECORD_TYPES}
    for plugin, entry in _installed():
        if left_out & {_canonical(plugin.name), _canonical(plugin.distribution)}:
            continue
        # A plugin must not end this process, whatever it raises as it is imported or asked.
        if error := fault_of(partial(_add, plugin, entry, manager, found, rules)):
            _log.debug("plugin %s left out", plugin, exc_info=error)
            problems.append(PluginProblem(plugin, _reason(error, entry)))
            continue
        loaded.append(plugin)
    families = found["reidbench_families"]
    return Registry(
        methods=Catalogue("method", found["reidbench_methods"], families),
        backbones=Catalogue("backbone", found["reidbench_backbones"], families),
        datasets=Catalogue("data set", found["reidbench_datasets"], families),
        plugins=tuple(loaded),
        problems=tuple(problems),
        observers=Observers(manager),
        protocols=tuple(rules),
    )


def _add(
    plugin: Plugin,
    entry: EntryPoint,
    manager: pluggy.PluginManager,
    found: dict[str, list[Component[Any]]],
    rules: list[DeclaredProtocol],
) -> None:
    """Import a plugin, and add what it declares to that of the others: all of it or nothing."""
    module = _load(entry)
    alone = _vet(module)
    records, protocols = _collect(alone), _protocols(alone)
    _register(manager, module, plugin)
    for hook, declared in records.items():
        found[hook].extend(Component(record, plugin) for record in declared)
    rules += [DeclaredProtocol(source, plugin) for source in protocols]


def _left_out(disabled: Sequence[str]) -> set[str]:
    names = {name for plugin, _ in _installed() for name in (plugin.name, plugin.distribution)}
    known = {_canonical(name) for name in names}
    for name in disabled:
        if _canonical(name) not in known:
            raise UnknownComponent(
                f"no plugin '{name}' to disable{did_you_mean(name, names)} "
                f"(installed: {', '.join(sorted(names))})"
            )
    return {_canonical(name) for name in disabled}


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _installed() -> list[tuple[Plugin, EntryPoint]]:
    found = [(Plugin.of(entry), entry) for entry in entry_points(group=GROUP)]
    return sorted(found, key=lambda pair: (pair[0].distribution, pair[0].name))


def _canonical(name: str) -> str:
    """Return a name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _load(entry: EntryPoint) -> ModuleType:
    module = entry.load()
    if not isinstance(module, ModuleType):
        raise TypeError(f"the entry point must name a module, not {type(module).__name__}")
    needed = getattr(module, "REIDBENCH_API", API_VERSION)
    if not isinstance(needed, int):
        raise ReidbenchError(
            f"its REIDBENCH_API must be a whole number, as in REIDBENCH_API = {API_VERSION}, "
            f"not {needed!r}"
        )
    if needed > API_VERSION:
        raise ReidbenchError(
            f"needs plugin API {needed}, this reidbench offers {API_VERSION}: upgrade reidbench"
        )
    return module


def _vet(module: ModuleType) -> pluggy.PluginManager:
    """Return a manager with this plugin alone, after checking each of its hooks."""
    _refuse_unknown_hooks(module)
    # One manager a plugin: pluggy 1.6 leaves a plugin that fails validation half registered.
    alone = _manager()
    alone.register(module)
    alone.check_pending()
    callers = alone.get_hookcallers(module)
    if not callers:
        raise ReidbenchError(f"its module {module.__name__} implements no hook")
    for caller in callers:
        for impl in caller.get_hookimpls():
            _refuse_silent_failures(caller.name, impl)
    return alone


def _refuse_unknown_hooks(module: ModuleType) -> None:
    """Refuse hooks with a misspelt name or no mark, which pluggy would silently ignore."""
    known = (*hookspecs.COLLECTING, *hookspecs.OBSERVING)
    for name, value in vars(module).items():
        if not inspect.isroutine(value):
            continue
        mark = getattr(value, f"{PROJECT}_impl", None)
        if mark is None and not name.startswith("reidbench_"):
            continue
        hook = (mark or {}).get("specname") or name
        if hook not in known:
            raise ReidbenchError(f"implements an unknown hook '{hook}'{did_you_mean(hook, known)}")
        if mark is None:
            raise ReidbenchError(f"'{hook}' lacks the @hookimpl mark, so it would never be called")


def _refuse_silent_failures(hook: str, impl: pluggy.HookImpl) -> None:
    """Refuse implementations that pluggy accepts, but that would not do what they say."""
    if impl.wrapper or impl.hookwrapper:
        raise ReidbenchError(f"'{hook}' is a hook wrapper: a plugin declares or observes, no more")
    if impl.kwargnames:
        raise ReidbenchError(
            f"'{hook}' gives {', '.join(impl.kwargnames)} a default, so it would never be passed: "
            "remove the default"
        )


def _register(manager: pluggy.PluginManager, module: ModuleType, plugin: Plugin) -> None:
    owner = manager.get_name(module)
    if owner:
        raise ReidbenchError(f"its module {module.__name__} already serves as plugin {owner}")
    # The distribution in the name keeps two plugins with one entry-point name apart.
    manager.register(module, name=f"{plugin.distribution}:{plugin.name}")


def _collect(alone: pluggy.PluginManager) -> dict[str, list[Record]]:
    return {
        hook: _declared(hook, kind, getattr(alone.hook, hook).get_hookimpls())
        for hook, kind in _RECORD_TYPES.items()
    }


def _protocols(alone: pluggy.PluginManager) -> list[Path | Mapping[str, Any]]:
    hook, kinds = "reidbench_protocols", "paths and mappings"
    answers = _answers(hook, kinds, alone.hook.reidbench_protocols.get_hookimpls())
    for answer in answers:
        if not isinstance(answer, Path | Mapping):
            raise ReidbenchError(f"{hook}() must return a list of {kinds}, not of {answer!r}")
    return answers


def _answers(hook: str, kinds: str, impls: Iterable[pluggy.HookImpl]) -> list[Any]:
    """Return all that implementations of a hook declare, one after another."""
    answers: list[Any] = []
    for impl in impls:
        answer = impl.function()
        # Called directly, because pluggy drops None: a hook that forgot to return would be ignored.
        if not isinstance(answer, Iterable):
            raise ReidbenchError(
                f"{hook}() must return a list of {kinds}, not {_described(answer)}"
            )
        answers.extend(answer)
    return answers


def _declared(hook: str, kind: type[Record], impls: Iterable[pluggy.HookImpl]) -> list[Record]:
    records = _answers(hook, f"{kind.__name__}s", impls)
    for record in records:
        if not isinstance(record, kind):
            raise ReidbenchError(
                f"{hook}() must return a list of {kind.__name__}s, not of {_described(record)}"
            )
    names = [record.name for record in records]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ReidbenchError(f"{hook}() declares {', '.join(twice)} twice")
    return records


def _described(value: object) -> str:
    """Return a record's name, as its many fields would hide the sentence; else the value."""
    return f"{type(value).__name__} '{value.name}'" if isinstance(value, Record) else repr(value)


def _reason(error: BaseException, entry: EntryPoint) -> str:
    if isinstance(error, ReidbenchError):
        return one_line(error) or "no reason given"
    place = last_own_place(error, entry.value)
    return named_line(error) + (f" (at {place})" if place else "")
