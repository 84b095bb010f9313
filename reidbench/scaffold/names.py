"""The names of a new plugin, from one word: distribution, package, class, component."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from reidbench.errors import ReidbenchError
from reidbench.plugins import Catalogue, Registry

Kind = Literal["method", "backbone", "dataset", "observer"]
KINDS: tuple[Kind, ...] = ("method", "backbone", "dataset", "observer")
_NORMALISED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class NameRefused(ReidbenchError):  # noqa: N818 - what it says, not that it errs
    """A name that no new plugin can have."""


@dataclass(frozen=True)
class Names:
    """The names of a plugin.

    Attributes:
        name: of the distribution, and of the component that it declares.
        package: of the package that is imported.
        class_name: of the class in it.

    """

    name: str
    package: str
    class_name: str


def names_of(name: str, kind: Kind, registry: Registry) -> Names:
    """Return the names of a plugin called ``name``.

    Raises:
        NameRefused: it is no normalised name of a distribution (PEP 503), gives no package that
            Python can import, or is in use.

    """
    if not _NORMALISED.fullmatch(name):
        normal = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        example = normal if normal else "my-idea"
        raise NameRefused(
            f"name '{name}' must be lower-case letters and digits, words joined by '-' (PEP 503), "
            f"as in '{example}'"
        )
    package = name.replace("-", "_")
    if not package.isidentifier() or keyword.iskeyword(package):
        raise NameRefused(
            f"name '{name}' gives the package '{package}', which Python cannot import; begin with "
            "a letter, and take no word of the language"
        )
    if package in sys.stdlib_module_names or find_spec(package) is not None:
        raise NameRefused(
            f"name '{name}' gives the package '{package}', and one of this name is there already; "
            "choose another name"
        )
    _refuse_declared(name, kind, registry)
    return Names(name, package, "".join(word.capitalize() for word in name.split("-")))


def _refuse_declared(name: str, kind: Kind, registry: Registry) -> None:
    catalogues: dict[Kind, Catalogue[Any]] = {
        "method": registry.methods,
        "backbone": registry.backbones,
        "dataset": registry.datasets,
    }
    if kind in catalogues and name in catalogues[kind].names():
        catalogue = catalogues[kind]
        raise NameRefused(
            f"{catalogue.kind} '{name}' is declared by {catalogue.get(name).owner} already; choose "
            "another name"
        )
