"""What an object has besides its body: polygons behind it, or trim on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reidbench_plugins.datasets.synthshapes.outlines import Polygon, arc

# A hole follows a polygon that is cut out of it again.
BEHIND: dict[str, tuple[Polygon, ...]] = {
    "legs": tuple(
        ((side * 0.28, 0.4), (side * 0.62, 0.4), (side * 0.66, 2.0), (side * 0.32, 2.0))
        for side in (-1, 1)
    ),
    "foot": (
        ((-0.17, 0.5), (0.17, 0.5), (0.17, 1.6), (0.85, 1.7), (0.85, 1.98),
         (-0.85, 1.98), (-0.85, 1.7), (-0.17, 1.6)),
    ),
    "knob": (
        ((-0.13, -1.6), (0.13, -1.6), (0.13, -0.5), (-0.13, -0.5)),
        arc((0, -1.75), 0.4, 0.4, (0, 1), 17),
    ),
    "horns": tuple(
        ((side * 0.1, -0.5), (side * 0.5, -1.3), (side * 0.95, -1.9), (side * 0.95, -0.2))
        for side in (-1, 1)
    ),
    "wings": tuple(
        ((side * 0.15, -0.35), (side * 1.55, -0.95), (side * 1.4, 0.35), (side * 0.15, 0.4))
        for side in (-1, 1)
    ),
}  # fmt: skip

HANDLE = arc((1.0, 0.15), 0.55, 0.68, (0, 1), 25)
HANDLE_HOLE = arc((1.0, 0.15), 0.29, 0.4, (0, 1), 17)


def _window(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    v = v + np.float32(0.08)
    inside: np.ndarray = np.float32(0.42) - np.sqrt(u * u + v * v)
    return inside


def _belt(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    inside: np.ndarray = np.float32(0.24) - np.abs(v - np.float32(0.06))
    return inside


# How far inside the trim a point lies, in object units; negative outside.
ON_BODY: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "window": _window,
    "belt": _belt,
}
