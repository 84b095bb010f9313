"""Every image as a sparse vector over its k-reciprocal neighbours, in exact fixed-point numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack

from reidbench.engine.retrieval.chunks import slices
from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.matches import Indices
from reidbench.engine.retrieval.reranking.images import Images, find_nearest

_BLOCK_ROWS = 4096
_WEIGHT_STEPS = 2**40
_ONE = 2**50  # the sum of a vector's entries, but for rounding: sums of integers know no order


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of every image, itself among them; junk has none.

    An image is among the k nearest others of another when at most k are as near as it or nearer:
    of images that tie across the k-th place none is. So the order of the gallery decides nothing,
    and in a network whose embeddings are all the same no image has others as neighbours.
    """

    holders: csr_matrix
    """Ones ``(n, u)`` where the image has the distinct embedding."""
    index: NDArray[np.int32]
    """``(u, c)``: distinct embeddings by distance, its own among them, -1 where there are none."""
    rank: Indices
    """``(u, c)``: how many other images are as near as these or nearer."""
    farthest: Array
    """``(n,)``: the distance of the farthest image from each, 0 for junk."""

    def within(self, k: int) -> csr_matrix:
        """Return the ``(n, n)`` ones where the column is the row itself or of its k nearest."""
        near = (self.rank <= k) & (self.index >= 0)
        between = _ones_in_rows(near.sum(axis=1), self.index[near], len(near))
        itself = diags(np.diff(self.holders.indptr), dtype=np.int32)
        return _ones(self.holders @ between @ self.holders.T + itself)


def find_neighbours(images: Images, k: int, chunk: int) -> Neighbours:
    """Return the neighbours of all ranked images, up to the k nearest."""
    embedding = images.embedding
    nearest, farthest = find_nearest(images, k + 2, chunk)  # itself, and one more shows its ties
    holders = _ones_in_rows(embedding >= 0, embedding[images.ranked], len(farthest))
    copies = np.where(nearest.index >= 0, np.bincount(holders.indices)[nearest.index], 0)
    rank = np.cumsum(copies, axis=1) - 1  # an image is not one of its others
    for column in range(rank.shape[1] - 2, -1, -1):
        tied = nearest.cost[:, column] == nearest.cost[:, column + 1]
        rank[tied, column] = rank[tied, column + 1]
    return Neighbours(holders, nearest.index, rank, holders @ farthest)


def encode(images: Images, neighbours: Neighbours, k1: int, k2: int) -> csr_matrix:
    """Return the vectors ``(n, n)``, int64 in units of 2^-50; junk has an empty row.

    A vector is the mean of those of its image's nearest, itself among them (eq. 11).
    """
    vectors = _weights(images, neighbours, _reciprocal_sets(neighbours, k1))
    within = neighbours.within(k2 - 1)
    blocks = (within[part] for part in slices(within.shape[0], _BLOCK_ROWS))
    return vstack([_means(rows, vectors) for rows in blocks], format="csr")


def _reciprocal_sets(neighbours: Neighbours, k1: int) -> csr_matrix:
    """Return ones ``(n, n)`` where the column is in the row's expanded k-reciprocal set R*.

    R(p, k) holds those with p among their k nearest, and p's among them (eq. 2 and 3). The set of
    half the size of each of its members joins when more than 2/3 of it is in R(p, k) already
    (eq. 4); half of an odd k is rounded to even.
    """
    mutual, halves = (
        csr_matrix(within.multiply(within.T))
        for within in (neighbours.within(k1), neighbours.within(round(k1 / 2)))
    )
    blocks = (mutual[part] for part in slices(mutual.shape[0], _BLOCK_ROWS))
    return vstack([_expanded(rows, halves) for rows in blocks], format="csr")


def _expanded(rows: csr_matrix, halves: csr_matrix) -> csr_matrix:
    common = csr_matrix((rows @ halves).multiply(rows))  # halves are symmetric
    sizes = np.diff(halves.indptr)[common.indices]
    common.data = (3 * common.data > 2 * sizes).astype(np.int32)
    return _ones(rows + common @ halves)


def _weights(images: Images, neighbours: Neighbours, sets: csr_matrix) -> csr_matrix:
    """Return exp(-distance / farthest) over the sets (eq. 7), each row divided by its sum."""
    row = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    distance = images.distances(row, sets.indices)
    weight = np.rint(np.exp(-relative(distance, neighbours.farthest[row])) * _WEIGHT_STEPS)
    total = np.bincount(row, weights=weight, minlength=sets.shape[0])
    values = np.rint(weight / total[row] * _ONE).astype(np.int64)
    return csr_matrix((values, sets.indices, sets.indptr), sets.shape)


def relative(distance: Array, farthest: Array) -> Array:
    """Return distances as shares of the farthest; 0 where all images are in one place."""
    return np.divide(distance, farthest, out=np.zeros_like(distance), where=farthest > 0)


def _means(rows: csr_matrix, vectors: csr_matrix) -> csr_matrix:
    sums = csr_matrix(rows @ vectors)
    counts = np.repeat(np.diff(rows.indptr), np.diff(sums.indptr))
    sums.data = np.rint(sums.data / counts).astype(np.int64)
    return sums


def _ones_in_rows(counts: NDArray[Any], columns: NDArray[Any], width: int) -> csr_matrix:
    first = np.concatenate([[0], np.cumsum(counts)])
    return csr_matrix((np.ones(len(columns), np.int32), columns, first), (len(counts), width))


def _ones(matrix: csr_matrix) -> csr_matrix:
    return csr_matrix(matrix != 0, dtype=np.int32)
