"""Every image as a sparse vector over its k-reciprocal neighbours, in exact fixed-point numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix, vstack

from reidbench.engine.retrieval.chunks import slices
from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.reranking.images import Images
from reidbench.engine.retrieval.reranking.neighbours import Neighbours, ones

_BLOCK_ROWS = 4096

_WEIGHT_STEPS = 2**40
ONE = 2**50
"""What a vector's entries add up to, but for rounding: sums of integers know no order."""


def encode(images: Images, neighbours: Neighbours, k1: int, k2: int) -> csr_matrix:
    """Return the vectors ``(n, n)``, int64 in units of 1 / ``ONE``; junk has an empty row."""
    vectors = _weights(images, neighbours, reciprocal_sets(neighbours, k1))
    return _expand(vectors, neighbours.within(k2 - 1))


def reciprocal_sets(neighbours: Neighbours, k1: int) -> csr_matrix:
    """Return ones ``(n, n)`` where the column is in the row's expanded k-reciprocal set R*.

    R(p, k) holds those with p among their k nearest, and p's among them (eq. 2 and 3). The set of
    half the size of each of its members joins when more than 2/3 of it is in R(p, k) already
    (eq. 4); half of an odd k is rounded to even.
    """
    mutual = _mutual(neighbours.within(k1))
    halves = _mutual(neighbours.within(round(k1 / 2)))
    sizes = np.diff(halves.indptr)
    return vstack([_joined(rows, halves, sizes) for rows in _blocks(mutual)], format="csr")


def _mutual(within: csr_matrix) -> csr_matrix:
    return ones(within.multiply(within.T))


def _joined(rows: csr_matrix, halves: csr_matrix, sizes: np.ndarray) -> csr_matrix:
    common = csr_matrix((rows @ halves).multiply(rows))  # halves are symmetric
    common.data = (3 * common.data > 2 * sizes[common.indices]).astype(np.int32)
    return ones(rows + common @ halves)


def _weights(images: Images, neighbours: Neighbours, sets: csr_matrix) -> csr_matrix:
    """Return exp(-distance / farthest) over the sets (eq. 7), each row divided by its sum."""
    row = np.repeat(np.arange(len(images)), np.diff(sets.indptr))
    distance = images.distances(row, sets.indices)
    weight = np.rint(np.exp(-relative(distance, neighbours.farthest[row])) * _WEIGHT_STEPS)
    total = np.bincount(row, weights=weight, minlength=len(images))
    values = np.rint(weight / total[row] * ONE).astype(np.int64)
    return csr_matrix((values, sets.indices, sets.indptr), sets.shape)


def relative(distance: Array, farthest: Array) -> Array:
    """Return distances as shares of the farthest; 0 where all images are in one place."""
    return np.divide(distance, farthest, out=np.zeros_like(distance), where=farthest > 0)


def _expand(vectors: csr_matrix, within: csr_matrix) -> csr_matrix:
    """Return the mean vector of each image's nearest, itself among them (eq. 11)."""
    return vstack([_means(rows, vectors) for rows in _blocks(within)], format="csr")


def _means(rows: csr_matrix, vectors: csr_matrix) -> csr_matrix:
    sums = csr_matrix(rows @ vectors)
    sums.sort_indices()
    counts = np.repeat(np.diff(rows.indptr), np.diff(sums.indptr))
    sums.data = np.rint(sums.data / counts).astype(np.int64)
    return sums


def _blocks(matrix: csr_matrix) -> Iterator[csr_matrix]:
    for part in slices(matrix.shape[0], _BLOCK_ROWS):
        yield matrix[part]
