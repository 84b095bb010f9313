"""The built-in backbones, one file a family."""

from reidbench.api import BackboneRecord, FamilyRecord

_HERE = "reidbench_plugins.backbones"
_RESNET = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016; torchvision"
_IBN = "Pan et al., Two at Once: Enhancing Learning and Generalization Capacities, ECCV 2018"
_OSNET = "Zhou et al., Omni-Scale Feature Learning for Person Re-Identification, ICCV 2019"

RECORDS = [
    *(
        BackboneRecord(
            name=name.replace("_", "-"),
            version="1",
            summary=f"{what}; no published weights.",
            reference=_RESNET,
            target=f"{_HERE}.resnet:{name}",
            options={"last_stride": 2},
        )
        for name, what in (
            ("resnet10", "ResNet-10, one basic block a stage, embedding of 512"),
            ("resnet10_x0_5", "ResNet-10 at width 0.5, embedding of 256"),
            ("resnet18_x0_5", "ResNet-18 at width 0.5, embedding of 256"),
        )
    ),
    *(
        BackboneRecord(
            name=f"resnet{depth}",
            version="1",
            summary=f"ResNet-{depth}, embedding of {width}.",
            reference=_RESNET,
            target=f"{_HERE}.resnet:resnet{depth}",
            options={"last_stride": 2},
            loader=f"{_HERE}.resnet:load_resnet{depth}",
        )
        for depth, width in ((18, 512), (34, 512), (50, 2048), (101, 2048))
    ),
    BackboneRecord(
        name="resnet50-ibn-a",
        version="1",
        summary="ResNet-50 with half the early channels instance-normalised, embedding of 2048.",
        reference=_IBN,
        target=f"{_HERE}.resnet_ibn:resnet50_ibn_a",
        options={"last_stride": 2},
        loader=f"{_HERE}.resnet_ibn:load_resnet50_ibn_a",
    ),
    BackboneRecord(
        name="mobilenetv2",
        version="1",
        summary="MobileNetV2 at width 1, embedding of 1280.",
        reference="Sandler et al., MobileNetV2, CVPR 2018; torchvision",
        target=f"{_HERE}.mobilenetv2:mobilenetv2",
        loader=f"{_HERE}.mobilenetv2:load_mobilenetv2",
    ),
    *(
        BackboneRecord(
            name=f"osnet-{width}".replace("_", "-"),
            version="1",
            summary=f"OSNet at width {width[1:].replace('_', '.')}, embedding of 512.",
            reference=_OSNET,
            target=f"{_HERE}.osnet:osnet_{width}",
            loader=f"{_HERE}.osnet:load_osnet_{width}",
        )
        for width in ("x1_0", "x0_5", "x0_25")
    ),
]

FAMILIES = [
    FamilyRecord(
        name="timm",
        version="1",
        summary="timm:NAME: any network of timm, ending at its pooled features.",
        reference="Wightman, PyTorch Image Models",
        target=f"{_HERE}.timm_models:record",
        needs="reidbench[timm]",
    )
]
