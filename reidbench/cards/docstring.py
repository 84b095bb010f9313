"""Reads what a target's docstring says, without importing the target where its source is there."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import griffe

from reidbench.api.records import Record

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


def _source(module: str) -> ast.Module | None:
    """Return the syntax tree of a module, or None if there is no source to read."""
    try:
        spec = find_spec(module)
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            return None
        return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    # A plugin's package may raise anything on import; importing the target reports it.
    except Exception:
        return None
