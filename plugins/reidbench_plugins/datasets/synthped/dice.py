"""Random draws that are the same on every platform and in every order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

# The purposes a stream of draws is used for; part of every seed, so no two streams are related.
PERSON, CAMERA, SHOT, SCENERY, CUT = range(5)


class Dice:
    """Draw from a PCG64 stream that is named by a tuple of non-negative integers.

    Only ``random`` and ``bytes`` of the generator are used, and no transcendental function:
    those are the parts whose bits do not depend on the NumPy build or the processor.
    """

    def __init__(self, *key: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        self._random = self._generator.random

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw a number in [low, high)."""
        return low + (high - low) * self._random()

    def bell(self, spread: float) -> float:
        """Draw from a bell-shaped law of mean 0 and standard deviation ``spread``."""
        total = self._random() + self._random() + self._random() + self._random()
        return (total - 2.0) * 1.7320508 * spread

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self._random() < probability

    def whole(self, low: int, high: int) -> int:
        """Draw an integer in [low, high]."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options, all equally likely."""
        return options[int(self._random() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """Draw one of (option, weight) pairs with probability proportional to its weight."""
        mark = self._random() * sum(weight for _, weight in options)
        for option, weight in options:
            mark -= weight
            if mark < 0:
                return option
        return options[-1][0]

    def grain(self, shape: tuple[int, ...]) -> np.ndarray:
        """Draw float32 noise of ``shape`` with mean 0 and standard deviation 1."""
        count = int(np.prod(shape))
        raw = np.frombuffer(self._generator.bytes(2 * count), np.uint8).astype(np.float32)
        # The sum of two uniform bytes has mean 255 and standard deviation 104.5.
        noise: np.ndarray = (raw[:count] + raw[count:] - 255.0) / np.float32(104.5)
        return noise.reshape(shape)
