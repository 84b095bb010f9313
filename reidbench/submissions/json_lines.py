"""The line of each field of a JSON text, and of what is wrong with the text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from reidbench.submissions.strict_json import JSONError

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def lines_of(text: str) -> dict[str, int]:
    """Return the line of each field, by its dotted name; that of the whole text is ``""``."""
    lines = {"": 1}
    for name, line in _fields(text):
        lines.setdefault(name, line)
    return lines


def line_at(lines: Mapping[str, int], field: str) -> int:
    """Return the line of a field; of one that is missing, that of what should hold it."""
    while field not in lines:
        field = field.rpartition(".")[0]
    return lines[field]


def line_of_fault(text: str, error: JSONError) -> int:
    """Return the line of what ``parse`` refuses, 0 if that is the text as a whole."""
    if error.line:
        return error.line
    seen: set[str] = set()
    for name, line in _fields(text) if error.key else ():
        if name in seen and f".{name}".endswith(f".{error.key}"):
            return line
        seen.add(name)
    return next((line for token, line in _tokens(text) if token == error.number), 0)


def _fields(text: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted name and the line of every key and every item of a list."""
    path: list[str | int | None] = []
    for token, line in _tokens(text):
        inner = path[-1] if path else ""
        if inner is None and token[0] == '"':
            path[-1] = json.loads(token)
            yield _dotted(path), line
        elif isinstance(inner, int) and token not in (",", "]"):
            yield _dotted(path), line
        if token in ("[", "{"):
            path.append(0 if token == "[" else None)
        elif token in ("]", "}"):
            path.pop()
        elif token == ",":
            path[-1] = inner + 1 if isinstance(inner, int) else None


def _dotted(path: list[str | int | None]) -> str:
    # Cut as 'problems' cuts the names that it gives.
    return ".".join(str(part)[:40] for part in path)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, end = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", end, match.start())
        end = match.start()
        yield match[0], line
