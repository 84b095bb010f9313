"""Other libraries' own criteria, to compare with; named so that nobody takes them for ours."""

from __future__ import annotations

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.peers"
_NEEDS = "reidbench[torch-pruning]"
_LIBRARY = "Torch-Pruning (Fang et al., DepGraph, CVPR 2023)"

RECORDS = [
    MethodRecord(
        name="tp-magnitude",
        version="1",
        summary="Torch-Pruning's group magnitude: mean squared weights of all coupled layers.",
        reference=_LIBRARY,
        target=f"{_HERE}.importances:TpMagnitude",
        options={"p": 2, "group_reduction": "mean"},
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-group-norm",
        version="1",
        summary="Torch-Pruning's group norm, divided by each group's largest, over all layers.",
        reference=_LIBRARY,
        target=f"{_HERE}.importances:TpGroupNorm",
        allocation="global",
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-lamp",
        version="1",
        summary="Torch-Pruning's LAMP, of the group magnitude.",
        reference=f"{_LIBRARY}; Lee et al., Layer-adaptive Sparsity, ICLR 2021",
        target=f"{_HERE}.importances:TpLamp",
        allocation="global",
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-fpgm",
        version="1",
        summary="Torch-Pruning's FPGM: distances between squared, not signed, weights.",
        reference=f"{_LIBRARY}; He et al., Filter Pruning via Geometric Median, CVPR 2019",
        target=f"{_HERE}.importances:TpFpgm",
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-bn-scale",
        version="1",
        summary="Torch-Pruning's batch-norm scale, without sparsity training.",
        reference=f"{_LIBRARY}; Liu et al., Network Slimming, ICCV 2017",
        target=f"{_HERE}.importances:TpBnScale",
        allocation="global",
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-taylor",
        version="1",
        summary="Torch-Pruning's first-order Taylor importance of all coupled weights.",
        reference=f"{_LIBRARY}; Molchanov et al., Importance Estimation, CVPR 2019",
        target=f"{_HERE}.importances:TpTaylor",
        allocation="global",
        data="labels",
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-hessian",
        version="1",
        summary="Torch-Pruning's diagonal Hessian importance, of its last sample alone.",
        reference=f"{_LIBRARY}; LeCun et al., Optimal Brain Damage, NIPS 1989",
        target=f"{_HERE}.importances:TpHessian",
        allocation="global",
        data="labels",
        needs=_NEEDS,
    ),
    MethodRecord(
        name="tp-pruner",
        version="1",
        summary="Torch-Pruning's own global pruner, its ratio searched for the target's MACs.",
        reference=_LIBRARY,
        target=f"{_HERE}.pruner:TpPruner",
        allocation="global",
        needs=_NEEDS,
    ),
]
