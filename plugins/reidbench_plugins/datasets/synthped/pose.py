"""A walking skeleton seen from one direction: body coordinates in, oversampled pixels out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reidbench_plugins.datasets.synthped.canvas import Point


@dataclass(frozen=True, kw_only=True)
class View:
    """Where a person stands in the picture and from which side the camera sees them.

    Body coordinates are in units of the person's height: X to the person's left, Y up from the
    ground, Z forward. ``azimuth`` 0 looks at the face, pi at the back; ``scale`` is oversampled
    pixels per unit; ``light`` is -1 or 1, the side of the picture the light comes from.
    """

    azimuth: float
    elevation: float
    scale: float
    foot: Point
    light: int
    relief: float

    @property
    def sin(self) -> float:
        """Sine of the azimuth: 1 when the person walks to the right of the picture."""
        return math.sin(self.azimuth)

    @property
    def cos(self) -> float:
        """Cosine of the azimuth: 1 when the person faces the camera."""
        return math.cos(self.azimuth)

    def project(self, x: float, y: float, z: float) -> Point:
        """Return the picture coordinates of a body point."""
        across = x * self.cos + z * self.sin
        height = y * math.cos(self.elevation) - self.depth(x, z) * math.sin(self.elevation)
        return self.foot[0] + across * self.scale, self.foot[1] - height * self.scale

    def depth(self, x: float, z: float) -> float:
        """Return how far a body point is in front of the body's axis."""
        return z * self.cos - x * self.sin


@dataclass(frozen=True)
class Stride:
    """The joints of one leg or arm in body coordinates, from the trunk outwards."""

    joints: tuple[tuple[float, float, float], ...]

    def seen(self, view: View) -> list[Point]:
        """Return the joints in picture coordinates."""
        return [view.project(*joint) for joint in self.joints]


@dataclass(frozen=True, kw_only=True)
class Gait:
    """The moment of a stride: ``phase`` in radians, ``reach`` the largest swing in radians."""

    phase: float
    reach: float

    def leg(self, side: int, hip: tuple[float, float], thigh: float, shin: float) -> Stride:
        """Return hip, knee and ankle of the left (1) or right (-1) leg."""
        x, y = hip
        swing = self.reach * math.sin(self.phase) * side
        bend = self.reach * max(0.0, -math.cos(self.phase) * side) * 1.1 + 0.04
        knee = (x, y - thigh * math.cos(swing), thigh * math.sin(swing))
        lower = swing - bend
        ankle = (x, knee[1] - shin * math.cos(lower), knee[2] + shin * math.sin(lower))
        return Stride(((x, y, 0.0), knee, ankle))

    def arm(
        self, side: int, shoulder: tuple[float, float], upper: float, fore: float, spread: float
    ) -> Stride:
        """Return shoulder, elbow and hand; arms swing against the legs."""
        x, y = shoulder
        swing = -0.75 * self.reach * math.sin(self.phase) * side
        out = side * spread
        elbow = (x + out * upper, y - upper * math.cos(swing), upper * math.sin(swing))
        lower = swing + 0.25 + 0.5 * max(0.0, swing)
        hand = (
            elbow[0] + out * fore * 0.2,
            elbow[1] - fore * math.cos(lower),
            elbow[2] + fore * math.sin(lower),
        )
        return Stride(((x, y, 0.0), elbow, hand))
