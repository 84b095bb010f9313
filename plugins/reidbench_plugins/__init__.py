"""The built-in plugin: declares the methods, backbones and data sets that come with reidbench."""

from __future__ import annotations

from reidbench.api import BackboneRecord, DatasetRecord, MethodRecord, hookimpl

_METHODS = "reidbench_plugins.methods"
_RESNET = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016; torchvision"


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare the controls and the built-in criteria."""
    return [*_controls(), *_criteria()]


def _controls() -> list[MethodRecord]:
    return [
        MethodRecord(
            name="dense",
            version="1",
            summary="Keeps every channel and trains on for as long as the others do.",
            reference="-",
            target=f"{_METHODS}.dense:Dense",
            prunes="nothing",
            control=True,
        ),
        MethodRecord(
            name="random",
            version="1",
            summary="Removes channels at random.",
            reference="Mittal et al., Recovering from Random Pruning, WACV 2018",
            target=f"{_METHODS}.random:Random",
            control=True,
        ),
        MethodRecord(
            name="scratch",
            version="1",
            summary="Trains the uniformly slim network from its initialisation.",
            reference="Liu et al., Rethinking the Value of Network Pruning, ICLR 2019",
            target=f"{_METHODS}.scratch:Scratch",
            prunes="initial",
            control=True,
        ),
    ]


def _criteria() -> list[MethodRecord]:
    return [
        MethodRecord(
            name="l1",
            version="1",
            summary="Removes the filters with the smallest L1 norm.",
            reference="Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017",
            target=f"{_METHODS}.l1:L1",
        ),
        MethodRecord(
            name="fpgm",
            version="1",
            summary="Removes the filters that lie closest to all the others of their layer.",
            reference="He et al., Filter Pruning via Geometric Median, CVPR 2019",
            target=f"{_METHODS}.fpgm:Fpgm",
        ),
        MethodRecord(
            name="taylor",
            version="1",
            summary="Removes the maps without which the loss changes least, to first order.",
            reference="Molchanov et al., Pruning Convolutional Neural Networks, ICLR 2017",
            target=f"{_METHODS}.taylor:Taylor",
            strategy="iterative",
            allocation="global",
        ),
        MethodRecord(
            name="psfp",
            version="1",
            summary="Zeroes ever more of the filters with the smallest L2 norm while training on.",
            reference="He et al., Asymptotic Soft Filter Pruning, 2018 (arXiv 1808.07471)",
            target=f"{_METHODS}.psfp:Psfp",
            strategy="progressive",
            options={"anchor": 0.25},
        ),
    ]


@hookimpl
def reidbench_backbones() -> list[BackboneRecord]:
    """Declare the ResNets and MobileNetV2."""
    return [
        *(
            BackboneRecord(
                name=f"resnet{depth}",
                version="1",
                summary=f"ResNet-{depth}, embedding of {width}.",
                reference=_RESNET,
                target=f"reidbench_plugins.backbones.resnet:resnet{depth}",
                options={"last_stride": 2},
            )
            for depth, width in ((18, 512), (34, 512), (50, 2048), (101, 2048))
        ),
        BackboneRecord(
            name="mobilenetv2",
            version="1",
            summary="MobileNetV2 at width 1, embedding of 1280.",
            reference="Sandler et al., MobileNetV2, CVPR 2018; torchvision",
            target="reidbench_plugins.backbones.mobilenetv2:mobilenetv2",
        ),
    ]


@hookimpl
def reidbench_datasets() -> list[DatasetRecord]:
    """Declare the drawn pedestrians, in full and in quick size."""
    return [
        DatasetRecord(
            name=name,
            version="1",  # bump when any pixel or any split changes
            summary=summary,
            reference="-",
            target=f"reidbench_plugins.datasets.synthped:{loader}",
            options={"domain": "a", "seed": 0},
            drawn=True,
        )
        for name, loader, summary in (
            (
                "synthped",
                "load",
                "Drawn pedestrians: 400 + 400 people, 6 cameras; domains a (street), "
                "b (station), c (seaside).",
            ),
            ("synthped-quick", "load_quick", "The same, smaller: 160 + 100 people, 4 cameras."),
        )
    ]
