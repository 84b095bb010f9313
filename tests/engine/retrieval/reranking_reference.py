"""Re-ranking written from the paper's equations: loops over dense lists of all pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.engine.retrieval import reference

Matrix = list[list[float]]


@dataclass(frozen=True)
class Reading:
    """How the equations are read: as the authors' code does, or to the letter."""

    enough: Callable[[int, int], bool] = lambda common, size: 3 * common > 2 * size
    unit_sums: bool = True


AS_THE_CODE = Reading()
TO_THE_LETTER = Reading(lambda common, size: 3 * common >= 2 * size, unit_sums=False)


def neighbours(distances: Matrix, image: int, k: int) -> set[int]:
    """N(p, k): itself, and the others that at most k others are as near as (eq. 1)."""
    others = [other for other in range(len(distances)) if other != image]
    row = distances[image]
    near = {g for g in others if sum(row[other] <= row[g] for other in others) <= k}
    return near | {image}


def mutual(lists: list[set[int]]) -> list[set[int]]:
    """R(p, k): the neighbours that have p among theirs (eq. 2 and 3)."""
    return [{g for g in near if image in lists[g]} for image, near in enumerate(lists)]


def expanded(whole: list[set[int]], half: list[set[int]], reading: Reading) -> list[set[int]]:
    """R*(p, k): with the half-size sets of members that mostly agree (eq. 4)."""
    sets = []
    for members in whole:
        result = set(members)
        for member in members:
            if reading.enough(len(members & half[member]), len(half[member])):
                result |= half[member]
        sets.append(result)
    return sets


def vectors(shares: Matrix, sets: list[set[int]], reading: Reading) -> Matrix:
    """V: exp(-distance) over the set (eq. 7)."""
    result = []
    for row, members in zip(shares, sets, strict=True):
        weights = {image: math.exp(-row[image]) for image in members}
        total = math.fsum(weights.values()) if reading.unit_sums else 1.0
        result.append([weights.get(image, 0.0) / total for image in range(len(shares))])
    return result


def averaged(encoded: Matrix, lists: list[set[int]]) -> Matrix:
    """The local query expansion (eq. 11)."""
    return [
        [math.fsum(encoded[g][column] for g in near) / len(near) for column in range(len(encoded))]
        for near in lists
    ]


def jaccard(a: list[float], b: list[float]) -> float:
    """Eq. 10, in steps of 2^-30."""
    smaller = math.fsum(min(x, y) for x, y in zip(a, b, strict=True))
    larger = math.fsum(max(x, y) for x, y in zip(a, b, strict=True))
    return 1.0 - round(smaller / larger * 2**30) / 2**30


def reranked(
    queries: list[list[float]],
    gallery: list[list[float]],
    *,
    k1: int,
    k2: int,
    weight: float,
    metric: str = "euclidean",
    reading: Reading = AS_THE_CODE,
) -> Matrix:
    """Return the distance of every query and gallery image, junk left out beforehand (eq. 12)."""
    images = queries + gallery
    distances = [[reference.DISTANCES[metric](a, b) for b in images] for a in images]
    shares = [[d / max(row) if max(row) else 0.0 for d in row] for row in distances]

    def lists(k: int) -> list[set[int]]:
        return [neighbours(distances, image, k) for image in range(len(images))]

    sets = expanded(mutual(lists(k1)), mutual(lists(round(k1 / 2))), reading)
    encoded = averaged(vectors(shares, sets, reading), lists(k2 - 1))
    return [
        [
            (1.0 - weight) * jaccard(encoded[q], encoded[g]) + weight * shares[q][g]
            for g in range(len(queries), len(images))
        ]
        for q in range(len(queries))
    ]
