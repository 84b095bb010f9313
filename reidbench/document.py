"""YAML documents whose every error names file, line and field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reidbench.errors import ReidbenchError, did_you_mean

M = TypeVar("M", bound=BaseModel)
Location = tuple["str | int", ...]


class DocumentError(ReidbenchError):
    """A YAML file that is missing, malformed, or says something that is not allowed."""


@dataclass(frozen=True)
class Located(Generic[M]):
    """A model read from a file, with the line of each of its fields."""

    path: Path
    content: M
    lines: Mapping[Location, int]

    def fault(self, where: Location, message: str) -> DocumentError:
        """Return an error that points at a field: ``file:line: field: message``."""
        return DocumentError(_sentence(self.path, self.lines, where, message))


def load(path: Path, model: type[M]) -> Located[M]:
    """Read a YAML file into a pydantic model.

    Raises:
        DocumentError: one line a fault: ``file:line: field: what is wrong; what was expected``.

    """
    lines: dict[Location, int] = {}
    data = _parse(path, lines)
    try:
        return Located(path, model.model_validate(data), lines)
    except ValidationError as error:
        known = set(_fields(model))
        faults = (_translate(path, lines, details, known) for details in error.errors())
        raise DocumentError("\n".join(dict.fromkeys(faults))) from error


def _parse(path: Path, lines: dict[Location, int]) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file{_neighbour(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read as text ({error})") from error
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise DocumentError(f"{path}: the file is empty")
        lines.update(_walk(path, node, ()))
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    finally:
        loader.dispose()


def _neighbour(path: Path) -> str:
    siblings = path.parent.glob("*.yaml") if path.parent.is_dir() else []
    return did_you_mean(str(path), [str(sibling) for sibling in siblings])


def _walk(path: Path, node: yaml.Node, at: Location) -> Iterator[tuple[Location, int]]:
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise DocumentError(
                    f"{path}:{key.start_mark.line + 1}: {_dotted((*at, key.value))}: given twice"
                )
            seen.add(key.value)
            yield from _walk(path, value, (*at, key.value))
            # A key's own line, rather than its value's first, is where the eye looks.
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(path, value, (*at, index))


def _translate(
    path: Path, lines: Mapping[Location, int], details: ErrorDetails, known: set[str]
) -> str:
    where = tuple(part for part in details["loc"] if not _is_branch(part))
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] == "extra_forbidden":
        name = str(where[-1])
        message = f"unknown field{did_you_mean(name, known - {name})}"
    return _sentence(path, lines, where, message)


def _sentence(path: Path, lines: Mapping[Location, int], where: Location, message: str) -> str:
    # A missing field has no line of its own: its nearest parent's is the place to look.
    parents = (where[:length] for length in range(len(where), -1, -1))
    line = next((lines[parent] for parent in parents if parent in lines), 1)
    return f"{path}:{line}: {_dotted(where) or 'document'}: {message}"


def _is_branch(part: str | int) -> bool:
    # pydantic adds the tried member of a union to the location; users never wrote it.
    return isinstance(part, str) and (part[:1].isupper() or "[" in part or part in _SCALARS)


_SCALARS = ("str", "int", "float", "bool")


def _dotted(where: Location) -> str:
    return ".".join(str(part) for part in where)


def _fields(model: type[BaseModel]) -> Iterator[str]:
    """Yield every field name of a model and of the models inside it, for 'did you mean'."""
    for definition in (schema := model.model_json_schema()).get("$defs", {}).values():
        yield from definition.get("properties", {})
    yield from schema.get("properties", {})
