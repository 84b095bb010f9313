"""Methods that shrink filters little by little while the network trains."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.progressive"

RECORDS = [
    MethodRecord(
        name="psfp",
        version="1",
        summary="Zeroes ever more of the filters with the smallest L2 norm while training on.",
        reference="He et al., Asymptotic Soft Filter Pruning, 2018 (arXiv 1808.07471)",
        target=f"{_HERE}.psfp:Psfp",
        strategy="progressive",
        options={"anchor": 0.25},
    ),
]
