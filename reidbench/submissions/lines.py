"""The lines of a submission's pack, each read on its own, so that all findings are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reidbench.results import PACK, Result, ResultError
from reidbench.results.pack import Identities, read_identities, refuse_other_format, unpacked
from reidbench.results.schema import SchemaError, migrated
from reidbench.results.validation import faults
from reidbench.submissions.finding import Finding, shown
from reidbench.submissions.strict_json import JSONError, parse, problems

LONGEST_LINE = 32_000
LONGEST_IDENTITIES = 512_000
RESTORE = "restore the line as 'reidbench results pack' wrote it"


@dataclass(frozen=True)
class Line:
    """A result, the line it stands in, and its text."""

    number: int
    text: str
    result: Result

    def finding(self, name: str, why: str, remedy: str, *, look: bool = False) -> Finding:
        """Return a finding about a field of this line."""
        return Finding(PACK, self.number, name, why, remedy, "look" if look else "refused")


@dataclass
class Read:
    """What a pack holds, and what is wrong with its lines."""

    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_lines(path: Path) -> Read:
    """Read every line of a pack that can be read."""
    found, identities = Read(), Identities()
    try:
        texts = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        found.findings.append(Finding(PACK, 0, "", f"not UTF-8 ({error.reason})", RESTORE))
        return found
    if texts[-1]:
        found.findings.append(Finding(PACK, len(texts), "", "cut off: no end of line", RESTORE))
    last = max((i for i, text in enumerate(texts, start=1) if text), default=0)
    for number, text in enumerate(texts[:last], start=1):
        for problem in _read_line(number, text, identities, found.lines):
            found.findings.append(Finding(PACK, number, *problem))
    found.findings += _order(found.lines)
    return found


def _read_line(
    number: int, text: str, identities: Identities, lines: list[Line]
) -> Iterator[tuple[str, str, str]]:
    """Yield field, reason and remedy of what is wrong with a line; add its result if nothing is."""
    is_list = text.startswith('{"identities"')
    if len(text) > (limit := LONGEST_IDENTITIES if is_list else LONGEST_LINE):
        yield "", f"{len(text)} characters, where at most {limit} are read", RESTORE
        return
    try:
        document = parse(text)
        wrong = list(problems(document))
        yield from ((name, why, RESTORE) for name, why in wrong)
        if wrong:
            return
        if number == 1:
            refuse_other_format(Path(PACK), document)
        elif not isinstance(document, dict):
            yield "", f"{shown(document)} is not a result", RESTORE
        elif "identities" in document:
            yield from _list_problems(document, identities)
        else:
            result = Result.model_validate(migrated(unpacked(document, identities)), strict=True)
            lines.append(Line(number, text, result))
    except ValidationError as error:
        yield from ((name, why, RESTORE) for name, why in faults(error))
    except ResultError as error:
        yield "", str(error).partition(": ")[2], RESTORE
    except SchemaError as error:
        yield "schema_version", shown(str(error)), RESTORE
    except (JSONError, ValueError) as error:
        name, message = _field_of(str(error))
        yield name, message, RESTORE


def _list_problems(
    document: dict[str, Any], identities: Identities
) -> Iterator[tuple[str, str, str]]:
    if extra := document.keys() - {"identities", "count", "pids"}:
        yield shown(sorted(extra)[0]), "no such field", RESTORE
    identities |= read_identities(document)


def _field_of(message: str) -> tuple[str, str]:
    named = re.fullmatch(r"field '([\w.]+)': (.*)", message, re.DOTALL)
    name, rest = (named[1], named[2]) if named else ("", message)
    return name, rest.partition(";")[0]


def _order(lines: list[Line]) -> Iterator[Finding]:
    for before, line in pairwise(lines):
        if before.result.key >= line.result.key:
            why = "repeats the key above" if before.result.key == line.result.key else "not sorted"
            yield line.finding("key", why, "pack the results again: sorted, each once")
