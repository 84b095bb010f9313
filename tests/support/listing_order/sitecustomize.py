"""Makes folders list their files by name, or with ``LISTED=backwards`` the other way round."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any

_listdir, _scandir = os.listdir, os.scandir
_BACKWARDS = os.environ.get("LISTED") == "backwards"


class _Entries:
    """The entries of a folder, as ``os.scandir`` gives them."""

    def __init__(self, path: Any = ".") -> None:
        with _scandir(path) as found:
            self._entries: Iterator[Any] = iter(sorted(found, key=_name, reverse=_BACKWARDS))

    def __iter__(self) -> _Entries:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        pass

    def close(self) -> None:
        pass


def _name(entry: os.DirEntry[Any]) -> Any:
    return entry.name


def _listed(path: Any = ".") -> list[Any]:
    return sorted(_listdir(path), reverse=_BACKWARDS)


os.listdir, os.scandir = _listed, _Entries  # type: ignore[assignment]
