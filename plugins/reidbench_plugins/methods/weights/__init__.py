"""Criteria that look at weights alone."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.weights"

RECORDS = [
    MethodRecord(
        name="l1",
        version="1",
        summary="Removes the filters with the smallest L1 norm.",
        reference="Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017",
        target=f"{_HERE}.l1:L1",
        authors_epochs=20,
        authors_schedule="20 epochs of ImageNet at a constant learning rate of 0.001",
    ),
    MethodRecord(
        name="l2",
        version="1",
        summary="Removes the filters with the smallest L2 norm.",
        reference="He et al., Soft Filter Pruning, IJCAI 2018 (its criterion alone)",
        target=f"{_HERE}.l2:L2",
    ),
    MethodRecord(
        name="fpgm",
        version="1",
        summary="Removes the filters that lie closest to all the others of their layer.",
        reference="He et al., Filter Pruning via Geometric Median, CVPR 2019",
        target=f"{_HERE}.fpgm:Fpgm",
        authors_epochs=100,
        authors_schedule="100 epochs of ImageNet at 0.01 from trained weights, a tenth every 30",
    ),
    MethodRecord(
        name="redundant",
        version="1",
        summary="Keeps one filter of each cluster of nearly parallel ones.",
        reference="Ayinde and Zurada, Building Efficient ConvNets using Redundant Feature Pruning, "
        "2018 (arXiv 1802.07653)",
        target=f"{_HERE}.redundant:Redundant",
        allocation="global",
        options={"representative": "random"},
    ),
    MethodRecord(
        name="lamp",
        version="1",
        summary="Removes the filters with the smallest share of what is no smaller in their layer.",
        reference="Lee et al., Layer-adaptive Sparsity for the Magnitude-based Pruning, ICLR 2021",
        target=f"{_HERE}.lamp:Lamp",
        allocation="global",
    ),
    MethodRecord(
        name="bn-scale",
        version="1",
        summary="Removes the channels with the smallest batch norm scale.",
        reference="Liu et al., Network Slimming, ICCV 2017 (without its penalty)",
        target=f"{_HERE}.bn_scale:BnScale",
        allocation="global",
        authors_epochs=160,
        authors_schedule="160 epochs of CIFAR at 0.1, a tenth at 1/2 and at 3/4",
    ),
    MethodRecord(
        name="group-norm",
        version="1",
        summary="Removes the channels whose coupled weights, in every layer, are smallest.",
        reference="Fang et al., DepGraph: Towards Any Structural Pruning, CVPR 2023",
        target=f"{_HERE}.group_norm:GroupNorm",
        allocation="global",
        authors_epochs=100,
        authors_schedule="100 epochs of CIFAR at 0.01, a tenth at 60 and at 80",
    ),
]
