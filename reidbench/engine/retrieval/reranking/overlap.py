"""How much sparse vectors overlap: the sum of their smaller entries."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from reidbench.engine.retrieval.chunks import slices
from reidbench.engine.retrieval.distances import Array
from reidbench.engine.retrieval.matches import Indices

_TERMS = 2**19  # entries added at a time, or those of one row
_PAIRS = 2**13  # rows compared at a time


def pair_overlaps(vectors: csr_matrix, left: Indices, right: Indices) -> Array:
    """Return the overlap ``(p,)`` of every pair of rows."""
    parts = (
        np.asarray(vectors[left[part]].minimum(vectors[right[part]]).sum(axis=1)).ravel()
        for part in slices(len(left), _PAIRS)
    )
    return np.concatenate([np.empty(0), *parts])


def block_overlaps(rows: csr_matrix, tile: csc_matrix) -> Array:
    """Return the overlap ``(c, t)`` of every row with every row of a tile, an inverted index.

    The entries are integers, so their sums are exact whatever their order.
    """
    width = tile.shape[0]
    lengths = np.diff(tile.indptr)[rows.indices]
    terms = np.concatenate([[0], np.cumsum(lengths)])[rows.indptr]
    result = np.empty((rows.shape[0], width))
    cuts = np.searchsorted(terms, np.arange(_TERMS, terms[-1], _TERMS), side="right") - 1
    edges = np.unique(np.concatenate([[0], cuts, [len(result)]]))
    for first, last in pairwise(edges):
        entries = slice(rows.indptr[first], rows.indptr[last])
        length = lengths[entries]
        cell = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        cell += np.repeat(tile.indptr[rows.indices[entries]], length)
        smaller = np.minimum(np.repeat(rows.data[entries], length), tile.data[cell])
        row = np.repeat(np.arange(last - first), np.diff(terms[first : last + 1]))
        place = row * width + tile.indices[cell]
        sums = np.bincount(place, weights=smaller, minlength=(last - first) * width)
        result[first:last] = sums.reshape(-1, width)
    return result
