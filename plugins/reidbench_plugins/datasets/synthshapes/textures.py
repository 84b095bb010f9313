"""How much of the second colour each point of a surface has, in its own coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

HALF, ONE, FOUR, BEND = np.float32(0.5), np.float32(1), np.float32(4), np.float32(0.22)


@dataclass(frozen=True)
class Weave:
    """One surface's texture: repeats a unit, phases in [0, 1), and pixels a unit."""

    repeats: float
    phases: tuple[float, float, float]
    scale: float


def wave(x: np.ndarray) -> np.ndarray:
    """Return a triangle wave in [-1, 1] of period 1."""
    wave: np.ndarray = np.abs(x - np.floor(x) - HALF) * FOUR - ONE
    return wave


def soft(distance: np.ndarray, scale: float) -> np.ndarray:
    """Return the part of a pixel inside an edge, from a signed distance and pixels a unit of it."""
    part: np.ndarray = np.clip(distance * np.float32(scale) + HALF, 0, 1)
    return part


def _bars(along: np.ndarray, weave: Weave, phase: float) -> np.ndarray:
    bars = wave(along * np.float32(weave.repeats) + np.float32(phase))
    return soft(bars, weave.scale / (4 * weave.repeats))


def plain(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Leave the first colour everywhere."""
    return np.zeros(np.broadcast_shapes(u.shape, v.shape), np.float32)


def hoops(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw bars across the object."""
    return _bars(v, weave, weave.phases[0])


def stripes(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw bars along the object."""
    return _bars(u, weave, weave.phases[0])


def slant(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw diagonal bars."""
    return _bars((u + v) * np.float32(0.70710678), weave, weave.phases[0])


def zigzag(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw chevrons across the object."""
    peaks = wave(u * np.float32(weave.repeats * 0.8) + np.float32(weave.phases[1]))
    return _bars(v + peaks * np.float32(0.3 / weave.repeats), weave, weave.phases[0])


def checks(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw a chequerboard."""
    repeats = np.float32(weave.repeats * 0.8)
    columns = wave(u * repeats + np.float32(weave.phases[0]))
    rows = wave(v * repeats + np.float32(weave.phases[1]))
    return soft(columns * rows, weave.scale / (2.4 * weave.repeats))


def dots(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw round spots in rows, every second row moved by half a step."""
    y = v * np.float32(weave.repeats) + np.float32(weave.phases[1])
    row = np.floor(y)
    x = u * np.float32(weave.repeats) + np.float32(weave.phases[0]) + row * HALF
    x, y = x - np.floor(x) - HALF, y - row - HALF
    return soft(np.float32(0.33) - np.sqrt(x * x + y * y), weave.scale / weave.repeats)


def blotches(u: np.ndarray, v: np.ndarray, weave: Weave) -> np.ndarray:
    """Draw irregular patches: where three waves, two of them bent by each other, add up."""
    one, two, three = (np.float32(phase) for phase in weave.phases)
    u, v = u * np.float32(weave.repeats * 0.72), v * np.float32(weave.repeats * 0.72)
    bent = wave(u + wave(v * np.float32(1.3) + three) * BEND + one) + wave(
        v + wave(u * np.float32(1.7) + one) * BEND + two
    )
    patches = bent + wave((u - v) * np.float32(0.55) + three) * HALF
    return soft(patches, weave.scale / (4.5 * weave.repeats))


TEXTURES: dict[str, Callable[[np.ndarray, np.ndarray, Weave], np.ndarray]] = {
    function.__name__: function
    for function in (plain, hoops, stripes, slant, zigzag, checks, dots, blotches)
}
