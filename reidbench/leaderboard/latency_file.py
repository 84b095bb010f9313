"""What ``reidbench profile`` measured, read back without torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reidbench.errors import ReidbenchError
from reidbench.results import LATENCY_FILE
from reidbench.text import counted

DENSE = "dense"
"""The last word of the name of a dense network, behind its backbone's label."""
WIDE = 0.10
"""Quartiles further apart than this share of the median are too noisy for a verdict."""


class LatencyError(ReidbenchError):
    """A file of timings that cannot be read."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Timing(_Frozen):
    """Milliseconds of one network on one engine at one batch size."""

    network: str
    engine: str = Field(pattern=r"^[a-z0-9-]{1,20}$")
    batch: int = Field(ge=1)
    median: float = Field(gt=0)
    low: float = Field(gt=0)
    high: float = Field(gt=0)
    least: float = Field(gt=0)
    trial: str | None
    """The key of the trial's last phase, or a folder; None for the dense network."""
    steady: bool
    speed_up: tuple[float, float] | None
    """Over the dense network, by least and by median; None where the machine was too busy."""


class Machine(_Frozen):
    """What the timings are of: they compare with no other machine's."""

    processor: str
    device: str = "cpu"
    """Files of schema 1 name none: all of them were timed on a CPU."""
    threads: int
    versions: Mapping[str, str]

    def __str__(self) -> str:
        device = "" if self.device == "cpu" else f" ({self.device})"
        return f"{self.processor}{device}, {counted(self.threads, 'thread')}"


class Latency(_Frozen):
    """All timings of one machine."""

    schema_version: Literal[1, 2]
    measured: str
    machine: Machine
    size: tuple[int, int, int]
    runs: int
    rows: tuple[Timing, ...]


def find_latency(directory: Path) -> Path | None:
    """Return the file of timings in a folder or in its parent, where there is one."""
    places = (directory / LATENCY_FILE, directory.resolve().parent / LATENCY_FILE)
    return next((place for place in places if place.is_file()), None)


def latency_beside(directory: Path) -> Latency | None:
    """Return the timings that lie in a folder or in its parent, if any do.

    Raises:
        LatencyError: they cannot be read.

    """
    file = find_latency(directory)
    return None if file is None else read_latency(file)


def read_latency(file: Path) -> Latency:
    """Read a file of timings.

    Raises:
        LatencyError: it cannot be read, or is not what ``reidbench profile`` writes.

    """
    try:
        return Latency.model_validate_json(file.read_bytes())
    except OSError as error:
        raise LatencyError(f"{file}: cannot be read ({error})") from error
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"])) or "the whole file"
        raise LatencyError(
            f"{file}: {field}: {fault['msg']}; measure it again with 'reidbench profile', or "
            "remove the file"
        ) from error
