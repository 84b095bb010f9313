"""Criteria that look at weights alone."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.weights"

RECORDS = [
    MethodRecord(
        name="l1",
        version="1",
        summary="Removes the filters with the smallest L1 norm.",
        reference="Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017",
        target=f"{_HERE}.l1:L1",
    ),
    MethodRecord(
        name="fpgm",
        version="1",
        summary="Removes the filters that lie closest to all the others of their layer.",
        reference="He et al., Filter Pruning via Geometric Median, CVPR 2019",
        target=f"{_HERE}.fpgm:Fpgm",
    ),
]
