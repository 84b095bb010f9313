"""Methods that shrink filters little by little while the network trains."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.progressive"

_IMAGENET = "ImageNet: zeroes after each of 100 epochs, learning rate .1 (.01 from a trained one)"

RECORDS = [
    MethodRecord(
        name="sfp",
        version="1",
        summary="Zeroes the filters with the smallest L2 norm again and again while training on.",
        reference="He et al., Soft Filter Pruning, IJCAI 2018",
        target=f"{_HERE}.sfp:Sfp",
        strategy="progressive",
        authors_epochs=100.0,
        authors_schedule=_IMAGENET,
    ),
    MethodRecord(
        name="psfp",
        version="1",
        summary="Zeroes ever more of the filters with the smallest L2 norm while training on.",
        reference="He et al., Asymptotic Soft Filter Pruning, 2018 (arXiv 1808.07471)",
        target=f"{_HERE}.psfp:Psfp",
        strategy="progressive",
        authors_epochs=100.0,
        authors_schedule=f"{_IMAGENET}; an ever larger share",
        options={"anchor": 0.25},
    ),
    MethodRecord(
        name="soft-fpgm",
        version="1",
        summary="Zeroes the filters closest to all others again and again while training on.",
        reference="He et al., Filter Pruning via Geometric Median, CVPR 2019 (Algorithm 1)",
        target=f"{_HERE}.soft_fpgm:SoftFpgm",
        strategy="progressive",
        authors_epochs=100.0,
        authors_schedule=_IMAGENET,
    ),
    MethodRecord(
        name="pgp",
        version="2",
        summary="Removes and zeroes the filters with the smallest gradients, ever fewer a round.",
        reference="Nguyen-Meidine et al., Progressive Gradient Pruning, 2019 (arXiv 1906.08746)",
        target=f"{_HERE}.pgp:Pgp",
        strategy="own",
        data="labels",
        authors_epochs=20,
        authors_schedule="at rate .01 at the end, and a round an epoch before, for as many as it "
        "takes",
        options={"gradients": "pass", "rounds": 6, "remove_ratio": 0.5},
    ),
    MethodRecord(
        name="bafd",
        version="2",
        summary="Decays the filters with the nearest neighbours while training on.",
        reference="Wang et al., Blockwise Adjacent Filter Decaying, IEEE T-CYB 2022",
        target=f"{_HERE}.bafd:Bafd",
        strategy="progressive",
        allocation="global",
        authors_epochs=100.0,
        authors_schedule="re-ID: 100 epochs at rate .001 (70 at .01 in the authors' scripts)",
        options={"neighbours": 1, "decay": 1e-2, "max_rate": 0.9},
    ),
]
