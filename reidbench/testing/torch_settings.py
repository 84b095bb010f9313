"""Notes and undoes what a method changes of torch's settings for the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reidbench.api.method import Method
from reidbench.engine.pruning.torch_settings import TorchSettings
from reidbench.testing.wrapping import Call, wrap

ASKED = ("prepare", "scores", "refit", "penalty", "after_step", "pruned_share", "prune")
"""All that the harness calls of a method."""


@contextmanager
def undisturbed(changes: list[str], what: str) -> Iterator[None]:
    """Put all settings back after the block, and note as a clause what ``what`` changed."""
    before = TorchSettings.capture()
    try:
        yield
    finally:
        changes.extend(f"{what} changed {name}" for name in before.changes())
        before.restore()


def guard(method: Method, changes: list[str]) -> None:
    """Put all settings back after each call of a method, and note what each one changed."""

    def guarding(name: str) -> Call:
        def around(call: Call, *arguments: Any) -> Any:
            with undisturbed(changes, f"{name}()"):
                return call(*arguments)

        return around

    for name in ASKED:
        wrap(method, name, guarding(name))
