"""Other libraries' own criteria, to compare with; named so that nobody takes them for ours."""

from functools import partial

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.peers"
_LIBRARY = "Torch-Pruning (Fang et al., DepGraph, CVPR 2023)"

_peer = partial(MethodRecord, version="1", reference=_LIBRARY, needs="reidbench[torch-pruning]")
_global = partial(_peer, allocation="global")

RECORDS = [
    _peer(
        name="tp-magnitude",
        summary="Torch-Pruning's group magnitude: mean squared weights of all coupled layers.",
        target=f"{_HERE}.importances:TpMagnitude",
        options={"p": 2, "group_reduction": "mean"},
    ),
    _global(
        name="tp-group-norm",
        summary="Torch-Pruning's group norm, divided by each group's largest, over all layers.",
        target=f"{_HERE}.importances:TpGroupNorm",
    ),
    _global(
        name="tp-lamp",
        summary="Torch-Pruning's LAMP, of the group magnitude.",
        reference=f"{_LIBRARY}; Lee et al., Layer-adaptive Sparsity, ICLR 2021",
        target=f"{_HERE}.importances:TpLamp",
    ),
    _peer(
        name="tp-fpgm",
        summary="Torch-Pruning's FPGM: distances between squared, not signed, weights.",
        reference=f"{_LIBRARY}; He et al., Filter Pruning via Geometric Median, CVPR 2019",
        target=f"{_HERE}.importances:TpFpgm",
    ),
    _global(
        name="tp-bn-scale",
        summary="Torch-Pruning's batch-norm scale, without sparsity training.",
        reference=f"{_LIBRARY}; Liu et al., Network Slimming, ICCV 2017",
        target=f"{_HERE}.importances:TpBnScale",
    ),
    _global(
        name="tp-taylor",
        summary="Torch-Pruning's first-order Taylor importance of all coupled weights.",
        reference=f"{_LIBRARY}; Molchanov et al., Importance Estimation, CVPR 2019",
        target=f"{_HERE}.importances:TpTaylor",
        data="labels",
    ),
    _global(
        name="tp-hessian",
        summary="Torch-Pruning's diagonal Hessian importance, of its last sample alone.",
        reference=f"{_LIBRARY}; LeCun et al., Optimal Brain Damage, NIPS 1989",
        target=f"{_HERE}.importances:TpHessian",
        data="labels",
    ),
    _global(
        name="tp-pruner",
        summary="Torch-Pruning's own global pruner, its ratio searched for the target's MACs.",
        target=f"{_HERE}.pruner:TpPruner",
    ),
]
