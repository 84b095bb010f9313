"""Criteria that look at feature maps, or at gradients."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.maps"

RECORDS = [
    MethodRecord(
        name="taylor",
        version="1",
        summary="Removes the maps without which the loss changes least, to first order.",
        reference="Molchanov et al., Pruning Convolutional Neural Networks, ICLR 2017",
        target=f"{_HERE}.taylor:Taylor",
        strategy="iterative",
        allocation="global",
        data="labels",
    ),
]
