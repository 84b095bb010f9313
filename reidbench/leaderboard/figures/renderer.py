"""The renderer of pictures, with no fonts but its own: the same bytes on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from types import ModuleType

import vl_convert

FONT = "Liberation Sans"
"""The renderer's own font, which ``sans-serif`` is drawn with."""
_VARIABLE = "FONTCONFIG_FILE"
_NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@cache
def renderer() -> ModuleType:
    """Return ``vl_convert``, its fonts loaded: it does that once, when it first draws."""
    with as_file(files(__package__) / "fonts.conf") as none, _variable(str(none)):
        vl_convert.svg_to_pdf(_NOTHING)
    module: ModuleType = vl_convert
    return module


@contextmanager
def _variable(value: str) -> Iterator[None]:
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
