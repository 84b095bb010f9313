"""Reads what a target's docstring says, without importing the target where its source is there."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reidbench.api.records import Record

_HEADING = re.compile(r"[A-Z]\w*:")
_BULLET = re.compile(r"[*-] +")


@dataclass(frozen=True)
class Explanation:
    """A docstring taken apart; every text is one line, with the docstring's own markup.

    Attributes:
        formula: the first paragraph.
        paragraphs: the others, before the first section.
        deviations: the items of the section ``Deviations:``. Other sections are left out.

    """

    formula: str = ""
    paragraphs: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


def explanation(docstring: str) -> Explanation:
    """Take a docstring apart, indented or not."""
    body, sections = _sections(inspect.cleandoc(docstring).splitlines())
    formula, *others = _paragraphs(body) or [""]
    return Explanation(formula, tuple(others), tuple(_items(sections.get("Deviations", []))))


def docstring_of(record: Record) -> str:
    """Return the own docstring of a record's target; empty without one.

    Raises:
        TargetError: the target's source is not to be found, nor can it be imported.

    """
    module, attribute = record.target.split(":")
    tree = _source(module)
    for statement in tree.body if tree else ():
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == attribute:
            return ast.get_docstring(statement) or ""
    # Defined elsewhere, or compiled. Not getdoc(): a base class's words are not the target's.
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
    # Whatever a plugin's package raises on import; importing the target will tell.
    except Exception:
        return None


def _sections(lines: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Part the lines before the first section from those of each section, by its word."""
    body: list[str] = []
    sections: dict[str, list[str]] = {}
    into = body
    for line in lines:
        if _HEADING.fullmatch(line.rstrip()):
            into = sections.setdefault(line.rstrip()[:-1], [])
        else:
            # What is indented no more ends a section.
            into = into if line[:1].isspace() or not line else body
            into.append(line)
    return body, sections


def _paragraphs(lines: list[str]) -> list[str]:
    blocks = re.split(r"\n\s*\n", "\n".join(lines))
    return [" ".join(block.split()) for block in blocks if block.strip()]


def _items(lines: list[str]) -> Iterator[str]:
    """Yield the items of a list; text without a bullet is an item too."""
    item = ""
    for line in (line.strip() for line in lines):
        if bullet := _BULLET.match(line):
            if item:
                yield item
            item = line[bullet.end() :]
        else:
            item = f"{item} {line}".strip()
    if item:
        yield item
