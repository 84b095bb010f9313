"""The networks that are tried: small ones of every family, with random weights."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from torch import nn

Size: TypeAlias = tuple[int, int, int]

REID_SIZE: Size = (3, 256, 128)
TORCHREID_CLASSES = 751

TORCHVISION = """
alexnet vgg11_bn squeezenet1_1 densenet121 googlenet inception_v3 shufflenet_v2_x1_0 mobilenet_v2
mobilenet_v3_small mnasnet0_5 efficientnet_b0 efficientnet_v2_s regnet_x_400mf regnet_y_400mf
resnet18 resnet50 resnext50_32x4d wide_resnet50_2 convnext_tiny vit_b_16 swin_t swin_v2_t maxvit_t
""".split()  # noqa: SIM905 - read as a list of names, not as 200 lines

TIMM_CNNS = """
convmixer_768_32 convnext_atto convnextv2_atto cs3darknet_s cspresnet50 darknet17 dla34 dpn68
ecaresnet26t efficientnet_lite0 ese_vovnet19b_dw fasternet_t0 fastvit_t8 fbnetc_100
gcresnet33ts gernet_s ghostnet_100 ghostnetv2_100 hardcorenas_a hgnet_tiny hgnetv2_b0
hrnet_w18_small inception_next_atto lcnet_050 legacy_seresnet18 mambaout_femto mixnet_s
mobilenetv1_100 mobilenetv4_conv_small mobileone_s0 nf_resnet26 nf_regnet_b0 eca_nfnet_l0
rdnet_tiny regnetv_040 regnetz_b16 repghostnet_050 repvgg_a0 repvit_m1 res2net50_14w_8s resnest14d
resnet10t resnet18d resnet26t resnet50_gn resnetaa34d resnetblur18 resnetrs50 resnetv2_50
resnext26ts rexnet_100 selecsls42b semnasnet_075 seresnet18 skresnet18 spnasnet_100 starnet_s1
tinynet_e tresnet_m vovnet39a xception41
""".split()  # noqa: SIM905

TIMM_ATTENTION = """
bat_resnext26ts beit_base_patch16_224 botnet26t_256 caformer_s18 cait_xxs24_224 coat_lite_tiny
coatnet_nano_rw_224 convit_tiny crossvit_9_240 csatv2 davit_tiny deit_tiny_patch16_224
deit3_small_patch16_224 edgenext_xx_small efficientformer_l1 efficientformerv2_s0 efficientvit_b0
eva02_tiny_patch14_224 focalnet_tiny_srf gcvit_xxtiny gmixer_12_224 gmlp_s16_224 halonet26t
hiera_tiny_224 lambda_resnet26t levit_128s maxvit_nano_rw_256 mixer_s32_224 mobilevit_xxs
mobilevitv2_050 mvitv2_tiny nest_tiny nextvit_small pit_ti_224 poolformer_s12 pvt_v2_b0
resmlp_12_224 sequencer2d_s shvit_s1 swiftformer_xs swin_tiny_patch4_window7_224
swinv2_cr_tiny_224 tiny_vit_5m_224 tnt_s_legacy_patch16_224 twins_pcpvt_small visformer_tiny
vit_tiny_patch16_224 vit_small_patch16_224 vit_relpos_small_patch16_224 vitamin_small_224
volo_d1_224 xcit_nano_12_p16_224
""".split()  # noqa: SIM905

TORCHREID = {
    "hacnn": "HACNN",
    "mlfn": "mlfn",
    "mobilenetv2": "mobilenetv2_x1_0",
    "mudeep": "MuDeep",
    "osnet": "osnet_x1_0",
    "osnet_ain": "osnet_ain_x1_0",
    "pcb": "pcb_p6",
    "resnet_ibn_a": "resnet50_ibn_a",
    "resnetmid": "resnet50mid",
    "senet": "se_resnet50",
    "shufflenet": "shufflenet",
    "squeezenet": "squeezenet1_0_fc512",
}
"""The file of each network in torchreid, and the function in it."""


@dataclass(frozen=True)
class Architecture:
    """A network to try.

    Attributes:
        source: the library that it is from.
        name: its name there.
        build: makes it, with random weights.
        sizes: of its images, best first; it is tried at the first on which it runs.

    """

    source: str
    name: str
    build: Callable[[], nn.Module]
    sizes: tuple[Size, ...] = (REID_SIZE, (3, 224, 224))

    @property
    def key(self) -> str:
        """Its name among all."""
        return f"{self.source}/{self.name}"


def architectures() -> list[Architecture]:
    """Return every network that is tried."""
    return [
        *_builtin(),
        *(
            Architecture("torchvision", name, _torchvision(name), _sizes(name))
            for name in TORCHVISION
        ),
        *(_timm("timm, convolutions", name) for name in TIMM_CNNS),
        *(_timm("timm, attention and mixers", name) for name in TIMM_ATTENTION),
        *(
            Architecture("torchreid", name, _torchreid(name), (REID_SIZE, (3, 160, 64)))
            for name in TORCHREID
        ),
    ]


def by_key() -> dict[str, Architecture]:
    """Return every network that is tried, by its key."""
    return {architecture.key: architecture for architecture in architectures()}


def _builtin() -> list[Architecture]:
    from reidbench.plugins import discover

    backbones = discover().backbones
    return [
        Architecture("reidbench", name, partial(backbones.get(name).record.build, {}))
        for name in backbones.names()
    ]


def _sizes(name: str) -> tuple[Size, ...]:
    """Return the sizes to try; a Swin pads whatever is no multiple of its windows."""
    native = (3, 224, 224)
    return (native,) if name.startswith("swin") else (REID_SIZE, native)


def _torchvision(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        from torchvision import models

        # googlenet and inception_v3 initialise for a minute unless asked not to.
        slow = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
        made: nn.Module = models.get_model(name, weights=None, **slow)
        return made

    return build


def _timm(source: str, name: str) -> Architecture:
    import timm

    def build() -> nn.Module:
        return timm.create_model(name, pretrained=False, num_classes=0)

    own = timm.get_pretrained_cfg(name, allow_unregistered=False).input_size
    return Architecture(source, name, build, (REID_SIZE, own))


def _torchreid(file: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        cpu = {"use_gpu": False} if file == "hacnn" else {}
        made: nn.Module = getattr(_file_of_torchreid(file), TORCHREID[file])(
            num_classes=TORCHREID_CLASSES, loss="softmax", pretrained=False, **cpu
        )
        return made

    return build


def _file_of_torchreid(file: str) -> ModuleType:
    """Return one file of torchreid as a module; the package imports more than is installed."""
    package = importlib.util.find_spec("torchreid")
    assert package is not None
    assert package.submodule_search_locations
    root = Path(package.submodule_search_locations[0])
    found = next(p for p in (root / "reid" / "models", root / "models") if p.is_dir())
    name = f"torchreid_{file}"
    spec = importlib.util.spec_from_file_location(name, found / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
