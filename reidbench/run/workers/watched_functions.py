"""Notices that a phase has replaced a function which later phases call."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

_WATCHED = (
    *("builtins", "os", "time", "random", "PIL", "reidbench", "numpy", "numpy.random"),
    *("torch", "torch._tensor", "torch.nn", "torch.optim", "torch.linalg", "torch.random"),
    *("torch.autograd", "torch.utils.data"),
)
"""Modules, and packages of this project, PIL, and torch's layers and optimisers with all theirs."""
_WHOLE = ("PIL.", "reidbench.", "torch.nn.", "torch.optim.", "torch.autograd.")

Holder: TypeAlias = ModuleType | type


class _Held(NamedTuple):
    holder: Holder
    functions: dict[str, Any]
    names: frozenset[str]


class WatchedFunctions:
    """What modules and their classes hold under the names of functions."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._held: dict[str, _Held] = {}

    def learn(self) -> None:
        """Watch what has been imported since the last call, too."""
        for name in set(sys.modules) - self._seen:
            self._seen.add(name)
            module = sys.modules.get(name)
            if isinstance(module, ModuleType) and _is_watched(name):
                self._hold(name, module)
                for value in list(vars(module).values()):
                    if isinstance(value, type) and _is_watched(str(value.__module__)):
                        self._hold(f"{value.__module__}.{value.__qualname__}", value)

    def replaced(self) -> list[str]:
        """Return the full names of functions that are no longer what they were."""
        found = []
        for where, held in self._held.items():
            now = vars(held.holder)
            pairs = ((name, now.get(name), value) for name, value in held.functions.items())
            names = [name for name, found, value in pairs if _is_other(found, value)]
            if isinstance(held.holder, type):
                names += _overridden(held.holder, now.keys() - held.names)
            found += [f"{where}.{name}" for name in names]
        return found

    def _hold(self, where: str, holder: Holder) -> None:
        # Of torch's tensors those of one dtype, which nothing here uses, have as many methods each.
        if where not in self._held and not (where != "torch.Tensor" and where.endswith("Tensor")):
            names = frozenset(vars(holder))
            self._held[where] = _Held(holder, dict(_functions(holder)), names)


def _is_watched(module: str) -> bool:
    return module in _WATCHED or module.startswith(_WHOLE)


def _functions(holder: Holder) -> Iterator[tuple[str, Any]]:
    for name, value in list(vars(holder).items()):
        if callable(value) or isinstance(value, property | staticmethod | classmethod):
            yield name, value


def _is_other(found: Any, value: Any) -> bool:
    # Torch wraps the step of an optimiser when the first one of its class is made.
    return found is not value and not getattr(found, "hooked", False)


def _overridden(kind: type, new: Iterable[str]) -> Iterator[str]:
    """Yield the names of functions that a class has inherited, and now has of its own."""
    for name in new:
        if callable(getattr(kind, name)) and any(name in vars(base) for base in kind.__mro__[1:-1]):
            yield name
