"""Wraps the calls that the harness makes of a method: to watch them, and to undo their settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from reidbench.api.method import Method
from reidbench.engine.pruning.torch_settings import TorchSettings

Call = Callable[..., Any]

READING = ("prepare", "scores", "refit", "penalty", "after_step", "pruned_share")
"""The calls in which a method may look at networks, and must leave them as they are."""


def wrap(method: Method, names: Iterable[str], around: Call) -> None:
    """Have calls of an instance go through ``around(name, call, *arguments)``.

    Its class stays as it is: the harness looks there for the methods that the author wrote.
    """
    for name in names:
        setattr(method, name, partial(around, name, getattr(method, name)))


@contextmanager
def restored(changes: list[str], what: str) -> Iterator[None]:
    """Restore torch's settings after the block, and note as a clause what ``what`` changed."""
    before = TorchSettings.capture()
    try:
        yield
    finally:
        changes.extend(f"{what} changed {name}" for name in before.changes())
        before.restore()


def guard(method: Method, changes: list[str]) -> None:
    """Restore torch's settings after each call of a method, and note what each one changed."""

    def around(name: str, call: Call, *arguments: Any) -> Any:
        with restored(changes, f"{name}()"):
            return call(*arguments)

    wrap(method, (*READING, "prune"), around)
