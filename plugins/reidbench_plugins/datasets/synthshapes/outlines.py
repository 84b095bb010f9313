"""The bodies of the objects as polygons: u to the right in [-1, 1], v down in [-1.3, 1.3]."""

from __future__ import annotations

import math

Point = tuple[float, float]
Polygon = tuple[Point, ...]


def arc(centre: Point, rx: float, ry: float, turn: tuple[float, float], count: int) -> Polygon:
    """Return ``count`` points of an ellipse between two angles in whole turns from the right."""
    start, end = turn
    angles = [2 * math.pi * (start + (end - start) * i / (count - 1)) for i in range(count)]
    # Rounded, because the last bits of sine and cosine depend on the C library.
    return tuple(
        (round(centre[0] + rx * math.cos(a), 6), round(centre[1] + ry * math.sin(a), 6))
        for a in angles
    )


def _mirrored(right: Polygon) -> Polygon:
    return (*right, *((-u, v) for u, v in reversed(right)))


def _star() -> Polygon:
    outer = arc((0, 0.08), 1.05, 1.38, (-0.25, 0.75), 6)[:-1]
    inner = arc((0, 0.08), 0.58, 0.77, (-0.15, 0.85), 6)[:-1]
    return tuple(point for pair in zip(outer, inner, strict=True) for point in pair)


OUTLINES: dict[str, Polygon] = {
    "disc": arc((0, 0), 1, 1.25, (0, 1), 33),
    "box": _mirrored(((0.85, -1.15), (0.85, 1.15))),
    "tent": _mirrored(((0.0, -1.3), (1.0, 1.15))),
    "star": _star(),
    "cross": _mirrored(
        ((0.38, -1.25), (0.38, -0.45), (1, -0.45), (1, 0.3), (0.38, 0.3), (0.38, 1.25))
    ),
    "heart": _mirrored(
        ((0, -0.7), *arc((0.5, -0.62), 0.5, 0.56, (-0.45, 0.06), 12), (0.62, 0.45), (0, 1.28))
    ),
    "moon": (
        *arc((-0.1, 0), 1.05, 1.3, (-0.33, 0.33), 24),
        *arc((-0.62, 0), 0.8, 1.02, (0.23, -0.23), 18),
    ),
    "hourglass": _mirrored(((0.95, -1.2), (0.9, -0.95), (0.24, 0), (0.9, 0.95), (0.95, 1.2))),
    "bottle": _mirrored(
        ((0.26, -1.35), (0.26, -0.62), *arc((0.36, 0.05), 0.44, 0.5, (-0.2, 0), 6), (0.8, 1.2))
    ),
    "tee": _mirrored(
        ((0.3, -1.1), (0.72, -1.02), (1.12, -0.2), (0.76, 0), (0.6, -0.3), (0.6, 1.15))
    ),
    "kite": ((0.0, -1.35), (0.95, -0.35), (0.0, 1.3), (-0.95, -0.35)),
    "arch": _mirrored(
        (*arc((0, -0.35), 0.98, 0.92, (-0.25, 0), 12), (0.98, 1.2), (0.4, 1.2),
         *arc((0, -0.1), 0.4, 0.42, (0, -0.25), 8))
    ),
}  # fmt: skip
