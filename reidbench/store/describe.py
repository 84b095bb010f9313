"""Describes artefacts in words, from their notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Notes: TypeAlias = Mapping[str, Any]


def described(notes: Notes, others: Mapping[str, Notes]) -> str:
    """Return method, network, data and seed; for a measurement, those of the measured network.

    ``others`` are the notes of the artefacts beside it, by key.
    """
    document = part(notes, "document")
    measured = others.get(source(notes) or "", {}) if "state" in document else notes
    return ", ".join(_words(notes, document, measured, others))


def source(notes: Notes) -> str | None:
    """Return the key of the network that an artefact starts from, or measures."""
    return part(notes, "document").get("network")


def part(notes: Notes, name: str) -> Notes:
    """Return a mapping among notes, empty if there is none of that name."""
    found = notes.get(name)
    return found if isinstance(found, Mapping) else {}


def _words(
    notes: Notes, document: Notes, measured: Notes, others: Mapping[str, Notes]
) -> Iterator[str]:
    phase = part(measured, "document")
    if "state" in document:
        yield str(document["state"])
    if cut := _cut(phase, others):
        yield _method(part(cut, "method"), cut.get("reduction"))
    if "weights" in phase:
        # A word, or the digest of a file.
        yield f"weights {str(phase['weights'])[:12]}"
    if backbone := part(phase, "backbone"):
        yield str(backbone.get("name"))
    data = part(document, "data") or part(notes, "data")
    same = data == part(phase, "data")
    if label := notes.get("on") or (same and measured.get("on")) or _label(data):
        yield str(label)
    if "part" in notes:
        yield str(notes["part"])
    if "seed" in phase:
        yield f"seed {phase['seed']}"


def _cut(phase: Notes, others: Mapping[str, Notes]) -> Notes:
    """Return the document of the last phase that cut a network, empty if none did."""
    while phase and not part(phase, "method"):
        phase = part(others.get(phase.get("network") or "", {}), "document")
    return phase


def _method(method: Notes, reduction: float | None) -> str:
    words = [str(method.get("name"))]
    # Without a reduction, strategy and allocation mean nothing.
    if reduction:
        how = (method.get("strategy"), method.get("allocation"), f"{100 * reduction:.3g}%")
        words += [str(word) for word in how if word]
    return " ".join(words)


def _label(data: Notes) -> str:
    """Return a data set's name with all of its options, as notes do not say which are defaults."""
    options = ", ".join(f"{name}={value}" for name, value in part(data, "options").items())
    return f"{data.get('name', '')}({options})" if options else str(data.get("name", ""))
