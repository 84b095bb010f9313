"""What methods cost, as measured on one machine: a JSON file beside the cards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically

SCHEMA_VERSION = 1


class CostError(ReidbenchError):
    """A file of costs that cannot be read."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasuringConditions(_Frozen):
    """What was ranked and cut, and on which machine.

    ``images`` counts the calibration images; ``reduction`` is that of the whole cut; ``hardware``
    is the name of the CPU or GPU, ``threads`` those of torch on the CPU.
    """

    protocol: str
    backbone: str
    height: int
    width: int
    scope: str
    data: str
    images: int
    reduction: float
    device: str
    hardware: str
    threads: int
    torch: str


class Cost(_Frozen):
    """Wall-clock seconds of one method at its defaults.

    Attributes:
        recalibration: of batch norm, with which every ranking begins.
        ranking: of one ranking of the whole network, recalibration included; None if it failed.
        cut: of a whole prune phase without training: every ranking, refit and removal of the
            strategy; None if it failed.
        parts: the seconds of ``cut`` by activity.
        problem: why something is None.
    """

    method: str
    version: str
    setting: MeasuringConditions
    recalibration: float | None = None
    ranking: float | None = None
    cut: float | None = None
    parts: Mapping[str, float] = {}
    problem: str = ""


def updated(costs: Iterable[Cost], newer: Iterable[Cost]) -> tuple[Cost, ...]:
    """Return the costs, one a method, newer ones in the place of the old, by name."""
    by_name = {cost.method: cost for cost in (*costs, *newer)}
    return tuple(by_name[name] for name in sorted(by_name))


def write_costs(path: Path, costs: Iterable[Cost]) -> None:
    """Write the costs, a line each, so that a change of one is a change of a line."""
    lines = ",\n".join(json.dumps(cost.model_dump(mode="json")) for cost in costs)
    write_atomically(path, f'{{"schema_version": {SCHEMA_VERSION}, "costs": [\n{lines}\n]}}\n')


class _Document(_Frozen):
    schema_version: int
    costs: tuple[Cost, ...]


def read_costs(path: Path) -> tuple[Cost, ...]:
    """Read the costs; none if there is no such file.

    Raises:
        CostError: the file is not JSON, of another schema version, or incomplete.
    """
    if not path.exists():
        return ()
    cure = "measure again with 'reidbench cards --measure' once it is removed"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version != SCHEMA_VERSION:
            raise CostError(
                f"{path}: schema {version} of costs, this reidbench reads {SCHEMA_VERSION}; {cure}"
            )
        return updated((), _Document.model_validate(document).costs)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise CostError(f"{path}: field '{field}': {first['msg']}; {cure}") from error
    except (OSError, ValueError) as error:
        raise CostError(f"{path}: not a readable file of costs ({error}); {cure}") from error
