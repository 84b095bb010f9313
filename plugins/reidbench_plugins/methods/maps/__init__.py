"""Criteria that look at feature maps, or at gradients."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.maps"

RECORDS = [
    MethodRecord(
        name="entropy",
        version="2",
        summary="Removes the channels whose mean activation varies least from image to image.",
        reference="Luo and Wu, An Entropy-based Pruning Method, 2017 (arXiv 1706.05791)",
        target=f"{_HERE}.entropy:Entropy",
        strategy="layerwise",
        data="images",
        authors_epochs=32,
        authors_schedule="ResNet-50: 1 or 2 after each of its 32 inner layers, and longer at the "
        "end",
        options={"bins": 16},
    ),
    MethodRecord(
        name="apoz",
        version="1",
        summary="Removes the channels that the ReLU zeroes most often.",
        reference="Hu et al., Network Trimming, 2016 (arXiv 1607.03250)",
        target=f"{_HERE}.apoz:Apoz",
        strategy="iterative",
        data="images",
        authors_schedule="rounds of trimming and retraining from the weights that are left",
    ),
    MethodRecord(
        name="taylor",
        version="2",
        summary="Removes the maps without which the loss changes least, to first order.",
        reference="Molchanov et al., Pruning Convolutional Neural Networks, ICLR 2017",
        target=f"{_HERE}.taylor:Taylor",
        strategy="iterative",
        allocation="global",
        data="labels",
        authors_schedule="one to a few maps every 30 updates, and retraining at the end",
        options={"absolute": "example"},
    ),
    MethodRecord(
        name="taylor-fo",
        version="1",
        summary="Removes the channels without which a batch's loss changes least, squared.",
        reference="Molchanov et al., Importance Estimation for Neural Network Pruning, CVPR 2019",
        target=f"{_HERE}.taylor_fo:TaylorFo",
        strategy="iterative",
        allocation="global",
        data="labels",
        authors_epochs=25,
        authors_schedule="100 channels every 30 batches of ImageNet, 25 epochs in all, at 0.001, "
        "a tenth every 10",
        options={"form": "gate"},
    ),
    MethodRecord(
        name="hrank",
        version="1",
        summary="Removes the channels whose maps have the lowest rank.",
        reference="Lin et al., HRank: Filter Pruning using High-Rank Feature Map, CVPR 2020",
        target=f"{_HERE}.hrank:HRank",
        strategy="layerwise",
        data="images",
        authors_epochs=30,
        authors_schedule="and as many for every other layer in turn, each at 0.01, a tenth at 10 "
        "and at 20",
    ),
    MethodRecord(
        name="chip",
        version="1",
        summary="Removes the channels whose maps the other channels of the layer can replace.",
        reference="Sui et al., CHIP: Channel Independence-based Pruning, NeurIPS 2021",
        target=f"{_HERE}.chip:Chip",
        data="images",
        authors_epochs=180,
        authors_schedule="180 epochs of ImageNet, or 400 of CIFAR, cosine from 0.01",
    ),
    MethodRecord(
        name="obd",
        version="1",
        summary="Removes the filters whose loss would rise least, to second order.",
        reference="LeCun et al., Optimal Brain Damage, NIPS 1989; Wang et al., EigenDamage, "
        "ICML 2019 (its C-OBD)",
        target=f"{_HERE}.obd:Obd",
        allocation="global",
        data="labels",
    ),
]
