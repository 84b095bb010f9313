"""The built-in plugin: declares the methods, backbones and data sets that come with reidbench."""

from __future__ import annotations

from reidbench.api import BackboneRecord, DatasetRecord, MethodRecord, hookimpl
from reidbench_plugins.methods import RECORDS

_RESNET = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016; torchvision"


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare the controls and the built-in methods."""
    return RECORDS


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
