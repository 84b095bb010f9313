"""What a card says of a method: its record, its docstring, its family and its cost."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import griffe

from reidbench.api.records import MethodRecord, Record
from reidbench.cards.costs import Cost
from reidbench.interrupts import fault_of
from reidbench.plugins import Component

_BULLET = re.compile(r"^\s*[*-] +", re.MULTILINE)


@dataclass(frozen=True)
class Explanation:
    """The parts of a docstring; each text is one line, with the docstring's own markup.

    Attributes:
        formula: the first paragraph.
        paragraphs: the others, before the first section.
        deviations: the items of the section ``Deviations:``. Other sections are left out.
    """

    formula: str = ""
    paragraphs: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


def explanation(docstring: str) -> Explanation:
    """Parse a docstring in Google's style, indented or not."""
    sections = griffe.Docstring(inspect.cleandoc(docstring)).parse("google", warnings=False)
    body = [part.value for part in sections if part.kind is griffe.DocstringSectionKind.text]
    # A section that the style does not know is an admonition.
    deviations = [part.value.contents for part in sections if part.title == "Deviations"]
    formula, *others = _lines(re.split(r"\n\s*\n", "\n\n".join(body))) or [""]
    return Explanation(formula, tuple(others), tuple(_lines(_BULLET.split("\n".join(deviations)))))


def _lines(texts: Iterable[str]) -> list[str]:
    """Return every text that is not blank, on one line."""
    return [" ".join(text.split()) for text in texts if text.strip()]


def docstring_of(record: Record) -> str:
    """Return the own docstring of a record's target; empty without one.

    Raises:
        TargetError: the target has no source to read, and cannot be imported.
    """
    module, attribute = record.target.split(":")
    tree = _source(module)
    for statement in tree.body if tree else ():
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == attribute:
            return ast.get_docstring(statement) or ""
    # Defined elsewhere, or compiled. Not getdoc(): it falls back on a base class's docstring.
    return inspect.cleandoc(vars(record.load()).get("__doc__") or "")


def first_sentence(module: str) -> str:
    """Return the first line of a module's docstring; empty without one."""
    tree = _source(module)
    docstring = ast.get_docstring(tree) if tree else None
    return docstring.splitlines()[0] if docstring else ""


def code_file(module: str) -> str:
    """Return where a module's code is: from the root of its project, or as it is imported.

    A root is a folder with a ``pyproject.toml``; an installed copy has none.
    """
    as_imported, file = f"{module.replace('.', '/')}.py", _file(module)
    if file is None or "site-packages" in file.parts:
        return as_imported
    roots = (folder for folder in file.parents if (folder / "pyproject.toml").is_file())
    root = next(roots, None)
    return file.relative_to(root).as_posix() if root else as_imported


def _source(module: str) -> ast.Module | None:
    """Return the syntax tree of a module, or None if there is no source to read."""
    found: list[ast.Module] = []
    if file := _file(module):
        # What is no Python, or not readable, is reported by importing the target.
        fault_of(lambda: found.append(ast.parse(file.read_text(encoding="utf-8"))))
    return found[0] if found else None


def _file(module: str) -> Path | None:
    """Return the source file of a module, or None if there is none."""
    found: list[str | None] = []
    # A plugin's package may raise anything on import; importing the target reports it.
    fault_of(lambda: found.append(getattr(find_spec(module), "origin", None)))
    origin = found[0] if found else None
    return Path(origin) if origin and origin.endswith(".py") else None


@dataclass(frozen=True)
class Family:
    """The package that holds a method, and the first sentence of its docstring."""

    name: str
    sentence: str = ""


@dataclass(frozen=True)
class Card:
    """Everything a page shows; ``cost`` may be of another version of the method."""

    record: MethodRecord
    family: Family
    text: Explanation
    cost: Cost | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the cost is one of another version."""
        return self.cost is not None and self.cost.version != self.record.version


def make_cards(
    components: Iterable[Component[MethodRecord]], costs: Iterable[Cost] = ()
) -> list[Card]:
    """Return the cards of methods, in their order.

    Raises:
        TargetError: a target that has no source and cannot be imported.
    """
    known = {cost.method: cost for cost in costs}
    return [
        Card(
            record=component.record,
            family=_family(component),
            text=explanation(docstring_of(component.record)),
            cost=known.get(component.record.name),
        )
        for component in components
    ]


def _family(component: Component[MethodRecord]) -> Family:
    package = component.record.target.split(":")[0].rpartition(".")[0]
    # A target in a top-level module belongs to no package.
    if not package:
        return Family(component.owner.name)
    return Family(package.rpartition(".")[2], first_sentence(package))
