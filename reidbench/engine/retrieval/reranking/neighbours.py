"""Which images are among whose k nearest, with ties against the neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.matches import Indices
from reidbench.engine.retrieval.reranking.images import Distinct, Images
from reidbench.engine.retrieval.reranking.nearest import find_nearest


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of every image.

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
        size, ranked = len(self.index), self.distinct.of >= 0
        between = csr_matrix((np.ones(first[-1], np.int32), self.index[near], first), (size, size))
        image = np.flatnonzero(ranked)
        entries = (np.ones(len(image), dtype=np.int32), (image, self.distinct.of[image]))
        holders = csr_matrix(entries, (len(ranked), size))
        return ones(holders @ between @ holders.T + diags(ranked.astype(np.int32), dtype=np.int32))


def find_neighbours(images: Images, k: int, chunk: int) -> Neighbours:
    """Return the neighbours of all ranked images, up to the k nearest."""
    distinct = images.distinct
    nearest, farthest = find_nearest(images, k + 2, chunk)  # itself, and one more shows its ties
    copies = np.where(nearest.column >= 0, distinct.copies[nearest.column], 0)
    rank = np.cumsum(copies, axis=1) - 1  # an image is not one of its others
    for column in range(rank.shape[1] - 2, -1, -1):
        tied = nearest.cost[:, column] == nearest.cost[:, column + 1]
        rank[tied, column] = rank[tied, column + 1]
    of_images = np.where(distinct.of >= 0, farthest[distinct.of], 0.0)
    return Neighbours(distinct, nearest.column, rank, of_images)


def ones(matrix: csr_matrix) -> csr_matrix:
    """Return ones where a matrix of natural numbers has others than zero."""
    matrix = csr_matrix(matrix)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    matrix.data = np.ones(matrix.nnz, dtype=np.int32)
    return matrix
