"""The curve of a training, kept beside the network it led to: a point a hundredth of its steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reidbench.api.events import CurvePoint
from reidbench.store.artefacts import Store, StoreError
from reidbench.store.integrity import FILES

CURVE = "curve.jsonl"
"""The file of a phase's curve, in the folder of its artefact: a JSON object a line."""
POINTS = 100


@dataclass
class Curve:
    """The curve of a training at work: a point at the first step and at each hundredth."""

    points: list[CurvePoint] = field(default_factory=list)
    _sum: float = 0.0
    """Of the losses since the last point."""
    _count: int = 0

    def step(
        self, step: int, steps: int, *, epoch: float, loss: float, rate: float, speed: float
    ) -> None:
        """Note a step of ``steps``; ``rate`` is its learning rate, ``speed`` images a second."""
        self._sum, self._count = self._sum + loss, self._count + 1
        if step > 1 and POINTS * step // steps == POINTS * (step - 1) // steps:
            return
        mean = self._sum / self._count
        self.points.append(CurvePoint(step, round(epoch, 4), mean, rate, round(speed, 1)))
        self._sum, self._count = 0.0, 0

    def notes(self) -> dict[str, Any]:
        """Return the curve so far as a checkpoint keeps it."""
        points = [asdict(point) for point in self.points]
        return {"points": points, "sum": self._sum, "count": self._count}

    def go_on(self, notes: dict[str, Any]) -> None:
        """Go on after the last point of an earlier curve, by its notes."""
        self.points[:] = [CurvePoint(**point) for point in notes["points"]]
        self._sum, self._count = notes["sum"], notes["count"]

    def write(self, folder: Path) -> None:
        """Write the curve into an artefact's folder; a phase without a step has none."""
        if self.points:
            lines = [json.dumps(asdict(point)) + "\n" for point in self.points]
            (folder / CURVE).write_text("".join(lines), encoding="utf-8")


def read_curve(store: Store, key: str) -> Sequence[CurvePoint]:
    """Return the curve of a phase; empty where none was kept, as by older versions.

    Raises:
        StoreError: the file is damaged.

    """
    file = store.folder(key) / CURVE
    try:
        content = file.read_bytes()
        noted = store.meta(key).get(FILES, {}).get(CURVE, {}).get("bytes", len(content))
        if len(content) != noted:
            raise ValueError(f"{len(content)} bytes in place of {noted}")
        return tuple(CurvePoint(**json.loads(line)) for line in content.decode().splitlines())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{file}: the curve is damaged ({error}); remove the folder and run again"
        ) from error
