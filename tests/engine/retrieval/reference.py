"""The retrieval metrics written from their definitions: loops over sorted lists, nothing shared."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Vector = list[float]


def squared_distance(a: Vector, b: Vector) -> float:
    return math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def cosine_distance(a: Vector, b: Vector) -> float:
    """One minus the similarity in steps of 2^-30; a zero vector is similar to nothing."""
    lengths = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(x * x for x in b))
    if lengths == 0:
        return 1.0
    similarity = math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths
    return 1.0 - round(similarity * 2**30) / 2**30


DISTANCES = {"euclidean": squared_distance, "cosine": cosine_distance}


@dataclass
class Reference:
    """The per-query values in query order, None for a query without a match."""

    average_precision: list[float | None] = field(default_factory=list)
    trapezoid: list[float | None] = field(default_factory=list)
    inverse_negative_penalty: list[float | None] = field(default_factory=list)
    first_hit: list[int | None] = field(default_factory=list)

    def mean(self, name: str) -> float:
        values = [value for value in getattr(self, name) if value is not None]
        return sum(values) / len(values)

    def cmc(self, k: int) -> float:
        ranks = [rank for rank in self.first_hit if rank is not None]
        return sum(rank <= k for rank in ranks) / len(ranks)


def ranked_hits(
    query: tuple[Vector, int, int], gallery: list[tuple[Vector, int, int]], metric: str
) -> list[bool]:
    """Return hit or miss for every gallery image that survives, nearest first, misses first."""
    embedding, pid, camid = query
    ranking = []
    for other, other_pid, other_camid in gallery:
        if other_pid == -1 or (other_pid == pid and other_camid == camid):
            continue
        ranking.append((DISTANCES[metric](embedding, other), other_pid == pid))
    return [hit for _, hit in sorted(ranking)]


def evaluate(
    queries: list[tuple[Vector, int, int]],
    gallery: list[tuple[Vector, int, int]],
    metric: str = "euclidean",
) -> Reference:
    result = Reference()
    for query in queries:
        ranking = ranked_hits(query, gallery, metric)
        total = sum(ranking)
        if total == 0:
            for values in vars(result).values():
                values.append(None)
            continue
        found, precisions, areas = 0, 0.0, 0.0
        previous_precision, previous_recall, last = 1.0, 0.0, 0
        for rank, hit in enumerate(ranking, start=1):
            found += hit
            precision, recall = found / rank, found / total
            if hit:
                precisions += precision
                last = rank
            areas += (recall - previous_recall) * (previous_precision + precision) / 2
            previous_precision, previous_recall = precision, recall
        result.average_precision.append(precisions / total)
        result.trapezoid.append(areas)
        result.inverse_negative_penalty.append(total / last)
        result.first_hit.append(ranking.index(True) + 1)
    return result
