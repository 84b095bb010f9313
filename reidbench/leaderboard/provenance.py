"""Under which versions, and on which hardware, the results of a leaderboard were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reidbench.leaderboard.model import Origin
from reidbench.results import Result

UNKNOWN = "unknown"


def origins(results: Iterable[Result]) -> tuple[Origin, ...]:
    """Count results by origin, the most common first; what was not recorded reads ``unknown``."""
    counts = Counter(_origin(result.provenance) for result in results)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(replace(origin, results=count) for origin, count in ordered)


def _origin(provenance: Mapping[str, Any]) -> Origin:
    hardware = _section(provenance, "hardware")
    return Origin(
        reidbench=_text(provenance.get("reidbench")),
        commit=_commit(_section(provenance, "git")),
        torch=_text(_section(provenance, "packages").get("torch")),
        hardware=_hardware(hardware),
        threads=_text(hardware.get("threads")),
        device=_text(provenance.get("device")),
    )


def _section(provenance: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = provenance.get(name)
    return section if isinstance(section, Mapping) else {}


def _text(value: object) -> str:
    return UNKNOWN if value is None else str(value)


def _commit(git: Mapping[str, Any]) -> str:
    if "commit" not in git:
        return "no checkout"
    return _text(git["commit"])[:10] + (" with changes" if git.get("dirty") else "")


def _hardware(hardware: Mapping[str, Any]) -> str:
    cpu = f"{_text(hardware.get('cpu'))}, {_text(hardware.get('cores'))} cores"
    gpu = hardware.get("gpu")
    return f"{gpu}; {cpu}" if gpu else cpu
