"""Who is among whose k nearest images, with ties against the neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.matches import Indices
from reidbench.engine.retrieval.reranking.images import Distinct, Images
from reidbench.engine.retrieval.reranking.search import Nearest, find_nearest


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of every image, nearest first.

    An image is among the k nearest others of another when at most k are as near as it or nearer:
    of images that tie across the k-th place none is. So an image has at most k, the order of the
    gallery decides nothing, and a network whose embeddings are all the same has no neighbours.
    Every image is its own neighbour, whatever the ties.
    """

    distinct: Distinct
    index: NDArray[np.int32]
    """``(u, c)``: distinct embeddings by distance, its own among them, -1 where there are none."""
    rank: Indices
    """``(u, c)``: how many other images are as near as these or nearer."""
    farthest: Array
    """``(n,)``: the distance of the farthest image from each, 0 for junk."""

    def within(self, k: int) -> csr_matrix:
        """Return the ``(n, n)`` ones where the column is the row itself or of its k nearest."""
        near = (self.rank <= k) & (self.index >= 0)
        first = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
        size = len(self.index)
        between = csr_matrix(
            (np.ones(first[-1], dtype=np.int32), self.index[near], first), (size, size)
        )
        ranked = (self.distinct.of >= 0).astype(np.int32)
        holders = _holders(self.distinct)
        return ones(holders @ between @ holders.T + diags(ranked, dtype=np.int32))


def find_neighbours(images: Images, k: int, chunk: int) -> Neighbours:
    """Return the neighbours of all ranked images, up to the k nearest."""
    distinct = images.distinct
    nearest = find_nearest(images, k + 1, chunk)
    index, distance, copies = _with_itself(images, nearest)
    rank = np.cumsum(copies, axis=1)
    for column in range(rank.shape[1] - 2, -1, -1):
        tied = distance[:, column] == distance[:, column + 1]
        rank[tied, column] = rank[tied, column + 1]
    farthest = np.where(distinct.of >= 0, nearest.farthest[distinct.of], 0.0)
    return Neighbours(distinct, index, rank, farthest)


def ones(matrix: csr_matrix) -> csr_matrix:
    """Return ones where a matrix of natural numbers has others than zero."""
    matrix = csr_matrix(matrix)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    matrix.data = np.ones(matrix.nnz, dtype=np.int32)
    return matrix


def _with_itself(images: Images, nearest: Nearest) -> tuple[NDArray[np.int32], Array, Indices]:
    """Return embeddings by distance with itself among them, the distances and how many images."""
    distinct = images.distinct
    itself = np.arange(len(distinct.first), dtype=np.int32)[:, None]
    index = np.hstack([itself, nearest.index])
    own = images.distances(distinct.first, distinct.first)
    distance = np.hstack([own[:, None], nearest.distance])
    copies = np.where(index >= 0, distinct.copies[index], 0)
    copies[:, 0] -= 1  # an image is not one of its others
    order = np.argsort(distance, axis=1, kind="stable")
    return (
        np.take_along_axis(index, order, axis=1),
        np.take_along_axis(distance, order, axis=1),
        np.take_along_axis(copies, order, axis=1),
    )


def _holders(distinct: Distinct) -> csr_matrix:
    """Return ones ``(n, u)`` where the image has the embedding."""
    image = np.flatnonzero(distinct.of >= 0)
    entries = (np.ones(len(image), dtype=np.int32), (image, distinct.of[image]))
    return csr_matrix(entries, (len(distinct.of), len(distinct.first)))
