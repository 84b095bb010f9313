"""Any network of timm is a backbone by its name: built for the images' size, and pruned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

from reidbench import run_suite
from reidbench.api import WeightsError
from reidbench.api.records import OptionError
from reidbench.config.protocol import FOLDER
from reidbench.errors import ReidbenchError
from reidbench.plugins import Registry, UnknownComponent, discover
from reidbench_plugins.backbones import timm_models
from tests.support.suites import write_suite

SIZE = (3, 64, 32)
ORDINARY = ["mobilenetv3_small_050", "vit_tiny_patch16_224"]
NAMES = [
    *ORDINARY,
    *("resnet18", "resnet26", "seresnet18", "resnext26ts", "efficientnet_lite0"),
    *("mobilenetv2_050", "regnetx_002", "regnety_002", "convnext_atto", "deit_tiny_patch16_224"),
    *("ghostnet_050", "mnasnet_050", "densenet121", "repvgg_a0", "dla34", "edgenext_xx_small"),
    *("poolformer_s12", "hardcorenas_a"),
]
REFUSED: dict[str, str] = {}
"""Networks that the channel engine refuses, each with a part of its one sentence."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


def test_a_name_of_timm_is_a_backbone_that_records_timms_version(registry: Registry) -> None:
    component = registry.backbones.get("timm:resnet18")
    assert component.record.version == f"1-timm-{timm.__version__}"
    assert component.identity()["name"] == "timm:resnet18"
    assert component.owner.name == "builtin"
    network = component.record.build_for(SIZE, {})
    assert network(torch.zeros(2, *SIZE)).shape == (2, 512)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("timm:resnet81", r"no backbone 'timm:resnet81': timm \S+ has no network 'resnet81'; did"),
        ("timm:resnet18.a1_in1k", "'a1_in1k' names weights: write 'timm:resnet18'"),
        ("tim:resnet18", "no plugin declares a backbone 'tim:resnet18'"),
    ],
)
def test_a_name_that_is_none_is_one_sentence(registry: Registry, name: str, said: str) -> None:
    with pytest.raises(UnknownComponent, match=said):
        registry.backbones.get(name)
    with pytest.raises(UnknownComponent):
        registry.methods.get(name)


def test_a_transformer_is_made_for_the_protocols_size(registry: Registry) -> None:
    record = registry.backbones.get("timm:vit_tiny_patch16_224").record
    network = record.build_for(SIZE, {})
    assert network(torch.zeros(1, *SIZE)).shape == (1, 192)
    assert network.pos_embed.shape == (1, 1 + 4 * 2, 192)


def test_a_size_that_it_does_not_take_is_one_sentence(registry: Registry) -> None:
    record = registry.backbones.get("timm:vit_tiny_patch16_224").record
    with pytest.raises(OptionError, match=r"takes no images of 8 x 8 .* larger images") as caught:
        record.build_for((3, 8, 8), {})
    assert "\n" not in str(caught.value)


def test_a_file_of_another_size_loads_with_its_positions_resampled(
    tmp_path: Path, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = timm.create_model("vit_tiny_patch16_224", num_classes=7)
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "w.pth")
    network = registry.backbones.get("timm:vit_tiny_patch16_224").record.build_for(SIZE, {})
    classifier = timm_models.load("vit_tiny_patch16_224", network, tmp_path / "w.pth")
    assert torch.equal(network.blocks[0].attn.qkv.weight, theirs.blocks[0].attn.qkv.weight)
    assert network.pos_embed.shape == (1, 9, 192)
    assert classifier is not None and classifier.shape == (7, 192)
    assert "left out head.weight, head.bias" in caplog.text


def test_weights_are_a_file_and_a_word_says_where_to_get_it(registry: Registry) -> None:
    record = registry.backbones.get("timm:resnet18").record
    with pytest.raises(WeightsError, match=r"download the file of resnet18 from https://hugging"):
        record.weights_loader()(None, "imagenet")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, tiny_registry: Registry) -> Iterator[Path]:
    threads = torch.get_num_threads()
    folder = tmp_path_factory.mktemp("timm")
    rules = (FOLDER / "smoke-1.yaml").read_text()
    rules = rules.replace("smoke/1", "smoke-wide/1").replace("scope: inner", "scope: all")
    rules = rules.replace("height: 32", "height: 64").replace("width: 16", "width: 32")
    (folder / "smoke-wide.yaml").write_text(rules)
    yield folder
    torch.set_num_threads(threads)


def smoke(home: Path, name: str) -> list[Any]:
    suite: dict[str, Any] = {"methods": ["l1"], "backbones": [f"timm:{name}"], "reductions": [0.3]}
    write_suite(home, protocol="smoke-wide.yaml", **suite)
    outcome = run_suite(
        home / "suite.yaml", out=home / name, store=home / "store", device="cpu", threads=1
    )
    return list(outcome.results)


@pytest.mark.parametrize(
    "name",
    [name if name in ORDINARY else pytest.param(name, marks=pytest.mark.nightly) for name in NAMES],
)
def test_a_smoke_suite_prunes_it_or_says_in_one_sentence_why_not(home: Path, name: str) -> None:
    if name in REFUSED:
        with pytest.raises(ReidbenchError, match=REFUSED[name]) as caught:
            smoke(home, name)
        assert "\n" not in str(caught.value)
        return
    (result,) = smoke(home, name)
    assert result.status == "done" and result.trial.backbone == f"timm:{name}"
    assert abs(result.cost.reduction - 0.3) <= 0.005
    assert timm.__version__ in result.components["backbone"].version
