"""The built-in backbones, one file a family."""

from __future__ import annotations

from reidbench.api import BackboneRecord

_RESNET = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016; torchvision"

RECORDS = [
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
