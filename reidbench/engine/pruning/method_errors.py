"""Errors that name the method and the layer they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from reidbench.api.tasks import CannotScore
from reidbench.errors import MethodError


@contextmanager
def naming(method: str, layer: str | None = None) -> Iterator[None]:
    """Turn a ``CannotScore`` of the block into an error that names method and layer.

    Raises:
        MethodError: the method raised ``CannotScore``.
    """
    try:
        yield
    except CannotScore as error:
        where = f" cannot score '{layer}'" if layer else ""
        raise MethodError(f"method '{method}'{where}: {error}") from error


def described(value: object) -> str:
    """Return a tensor's shape, or anything else's type."""
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
