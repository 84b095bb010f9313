"""Reads YAML documents; every error names file, line and field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from reidbench.errors import ReidbenchError, did_you_mean, one_line

M = TypeVar("M", bound=BaseModel)
Location = tuple["str | int", ...]


class DocumentError(ReidbenchError):
    """A YAML file that is missing, malformed, or not allowed by its model."""


@dataclass(frozen=True)
class Located(Generic[M]):
    """A model read from a file, with the line of each of its fields."""

    path: Path
    content: M
    lines: Mapping[Location, int]

    def fault(self, where: Location, message: str) -> DocumentError:
        """Return an error that points at a field: ``file:line: field: message``."""
        return DocumentError(_sentence(self.path, self.lines, where, message))


def problem_at(where: Location, message: str) -> PydanticCustomError:
    """Return an error for a model's validator to raise, which points at a field below it."""
    return PydanticCustomError("located", "{message}", {"message": message, "at": where})


def load(path: Path, model: type[M], reserved: Mapping[str, str] | None = None) -> Located[M]:
    """Read a YAML file into a pydantic model.

    ``reserved`` maps names that users try although they are no fields to a message about each.

    Raises:
        DocumentError: a line for each fault: ``file:line: field: what is wrong; what is expected``.

    """
    lines: dict[Location, int] = {}
    data = _parse(path, lines)
    try:
        return Located(path, model.model_validate(data), lines)
    except ValidationError as error:
        known, hints = field_names(model), reserved or {}
        faults = (
            _translate(path, lines, details, known, hints)
            for details in error.errors()
            if not _is_echo(details)
        )
        raise DocumentError("\n".join(dict.fromkeys(faults))) from error


def _parse(path: Path, lines: dict[Location, int]) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file{_neighbour(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read as text ({error})") from error
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise DocumentError(f"{path}: the file is empty")
        lines.update(_walk(path, node, ()))
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except RecursionError as error:
        raise DocumentError(f"{path}: not valid YAML: nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        # A date such as 2024-99-99 is a bare ValueError.
        raise DocumentError(f"{path}: not valid YAML: {one_line(error)}") from error


def _neighbour(path: Path) -> str:
    siblings = path.parent.glob("*.yaml") if path.parent.is_dir() else []
    names = {sibling.stem: str(sibling) for sibling in siblings}
    close = get_close_matches(path.stem, names, n=1)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def _walk(path: Path, node: yaml.Node, at: Location) -> Iterator[tuple[Location, int]]:
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                raise DocumentError(f"{path}:{line}: {_dotted(at) or 'document'}: not a field name")
            if key.value in seen:
                raise DocumentError(
                    f"{path}:{key.start_mark.line + 1}: {_dotted((*at, key.value))}: given twice"
                )
            seen.add(key.value)
            yield from _walk(path, value, (*at, key.value))
            # The line of the key, which may be above its value's first.
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(path, value, (*at, str(index)))


def _translate(
    path: Path,
    lines: Mapping[Location, int],
    details: ErrorDetails,
    known: set[str],
    reserved: Mapping[str, str],
) -> str:
    # pydantic adds a part for a wrong key of a mapping, which is not in the file.
    where = tuple(part for part in details["loc"] if part != "[key]")
    name, kind, context = str(where[-1]) if where else "", details["type"], details.get("ctx", {})
    if kind == "located":
        return _sentence(path, lines, (*where, *context["at"]), context["message"])
    if kind == "extra_forbidden":
        unknown = f"unknown field{did_you_mean(name, known - {name})}"
        return _sentence(path, lines, where, reserved.get(name, unknown))
    return _sentence(path, lines, where, _plainly(details))


def _is_echo(details: ErrorDetails) -> bool:
    # Of a list with only wrong items, pydantic also says that it is too short.
    return details["type"] == "too_short" and bool(details["input"])


_PLAIN = {
    "missing": "is required, and missing",
    "model_type": "must be fields with values ('name: value')",
    "dict_type": "must be fields with values ('name: value')",
    "mapping_type": "must be fields with values ('name: value')",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
}


def _plainly(details: ErrorDetails) -> str:
    """Return pydantic's message in terms of YAML."""
    kind, given = details["type"], details["input"]
    message = details["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    message = _PLAIN.get(kind, message)
    if kind in ("missing", "too_short", "value_error"):
        return message
    if given is None or isinstance(given, (str, int, float)):
        message += f", not {'nothing' if given is None else repr(given)}"
    if kind == "literal_error" and isinstance(given, str):
        message += did_you_mean(given, re.findall(r"'([^']*)'", details["ctx"]["expected"]))
    return message


def _sentence(path: Path, lines: Mapping[Location, int], where: Location, message: str) -> str:
    # The file may have one word in place of a list of one, and so no index.
    while where and isinstance(where[-1], int) and _written(where) not in lines:
        where = where[:-1]
    # A missing field has no line: that of its nearest parent is closest.
    parents = (_written(where[:length]) for length in range(len(where), -1, -1))
    line = next((lines[parent] for parent in parents if parent in lines), 1)
    return f"{path}:{line}: {_dotted(where) or 'document'}: {message}"


def _written(where: Location) -> Location:
    """Return a location as text: indices, and keys that are numbers, too."""
    return tuple(map(str, where))


def _dotted(where: Location) -> str:
    return ".".join(str(part) for part in where)


def field_names(model: type[BaseModel]) -> set[str]:
    """Return every field name of a model and of the models inside it."""
    schema = model.model_json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return {name for part in parts for name in part.get("properties", {})}
