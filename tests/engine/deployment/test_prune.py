"""Anybody's network at a share of its MACs, by one call."""

from __future__ import annotations

import copy
import json

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from reidbench.engine.channels import (
    CaptureError,
    ImpossibleReduction,
    SavedNetworkError,
    capture,
)
from reidbench.engine.channels.proof import outputs_of
from reidbench.engine.deployment import Pruned, load, prune
from reidbench.engine.deployment.export import export
from reidbench.engine.weights import load_backbone
from reidbench.errors import ReidbenchError, WeightsError
from tests.engine.deployment.lively import enlivened

SIZE = (3, 64, 32)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return enlivened(resnet18(num_classes=10))


@pytest.fixture(scope="module")
def pruned(network: nn.Module) -> Pruned:
    return prune(network, size=SIZE, reduction=0.5)


def batches(labelled: bool = True, count: int = 2) -> list[object]:
    random = torch.Generator().manual_seed(2)
    images = [torch.randn(4, *SIZE, generator=random) for _ in range(count)]
    return [(batch, torch.arange(4)) if labelled else batch for batch in images]


def test_half_the_macs_go_and_widths_are_multiples_of_8(pruned: Pruned) -> None:
    assert pruned.report.achieved == pytest.approx(0.5, abs=0.02)
    assert capture(pruned.network, SIZE).macs.total() == pruned.report.macs
    narrower = {
        name: after for name, (before, after) in pruned.report.widths.items() if after < before
    }
    assert len(narrower) > 5
    assert all(width % 8 == 0 for width in narrower.values())


def test_the_network_that_was_given_is_as_it_was(network: nn.Module) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [part.training for part in network.modules()]
    prune(network, size=SIZE, reduction=0.3)
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert modes == [part.training for part in network.modules()]


def test_the_report_says_what_stayed_whole_and_why(pruned: Pruned) -> None:
    assert "embedding" in pruned.report.whole["fc"]
    text = str(pruned.report)
    assert "l1: " in text
    assert "GMACs" in text
    assert "layer1.0.conv1" in text
    assert "verified" in text


def test_keep_pins_modules_by_name(network: nn.Module) -> None:
    kept = prune(network, size=SIZE, reduction=0.3, keep=["layer1.*", "conv1"])
    assert not [name for name in kept.plan.dropped if name.startswith(("layer1", "conv1"))]
    assert kept.report.achieved == pytest.approx(0.3, abs=0.02)
    with pytest.raises(ReidbenchError, match=r"no layer is called 'layr1\.\*'"):
        prune(network, size=SIZE, reduction=0.3, keep=["layr1.*"])


def test_saved_and_loaded_it_computes_the_same(network, pruned, tmp_path) -> None:
    folder = pruned.save(tmp_path / "half")
    loaded = load(folder, resnet18(num_classes=10))
    images = torch.randn(2, *SIZE)
    assert torch.equal(
        outputs_of(loaded.eval(), images)[0], outputs_of(pruned.network.eval(), images)[0]
    )
    assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors"}


def test_a_folder_of_another_network_is_refused_and_nothing_is_touched(pruned, tmp_path) -> None:
    folder = pruned.save(tmp_path / "half")
    other = resnet18(num_classes=7)
    before = copy.deepcopy(other.state_dict())
    with pytest.raises(SavedNetworkError, match="does not fit"):
        load(folder, other)
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
    report = folder / "report.json"
    report.write_text(json.dumps({**json.loads(report.read_text()), "schema_version": 9}))
    with pytest.raises(SavedNetworkError, match="schema version 9"):
        load(folder, resnet18(num_classes=10))


@pytest.mark.parametrize(
    ("method", "labelled"),
    [
        ("l2", None),
        ("fpgm", None),
        ("hrank", False),
        ("apoz", False),
        ("taylor", True),
        ("obd", True),
    ],
)
def test_any_scoring_method_prunes_with_the_data_it_looks_at(network, method, labelled) -> None:
    given = {} if labelled is None else {"batches": batches(labelled)}
    if labelled:
        given["loss"] = nn.CrossEntropyLoss()
    scope = "inner" if method == "apoz" else "all"
    made = prune(network, size=SIZE, reduction=0.4, method=method, scope=scope, **given)
    assert made.report.achieved == pytest.approx(0.4, abs=0.02)
    assert made.report.difference < 1e-9


def test_a_method_that_refits_changes_the_weights_that_stay(network) -> None:
    asked = {"size": SIZE, "reduction": 0.4, "scope": "inner", "batches": batches(labelled=False)}
    made = prune(network, method="thinet", **asked)
    changes = [float((old - new).abs().max()) for old, new in _kept_columns(network, made)]
    assert max(changes) > 1e-3


def _kept_columns(network: nn.Module, made: Pruned) -> list[tuple[Tensor, Tensor]]:
    """Return the next layers' columns before and after, of the channels that stayed."""
    found = []
    for group in capture(network, SIZE).in_scope("inner"):
        kept = torch.tensor(made.plan.kept[group.name])
        for cut in group.consumers:
            old = network.get_submodule(cut.owner).weight.detach()[:, kept]
            found.append((old, made.network.get_submodule(cut.owner).weight.detach()))
    return found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": "taylor"}, "give batches of images and labels"),
        ({"method": "taylor", "batches": batches()}, "give loss="),
        ({"method": "hrank"}, "give batches of images as batches"),
        (
            {"method": "taylor", "batches": batches(labelled=False), "loss": nn.CrossEntropyLoss()},
            "give pairs",
        ),
        ({"method": "hrank", "batches": []}, "at least one batch"),
        ({"method": "hrank", "batches": [torch.randn(3, 64, 32)]}, r"not \(3, 64, 32\)"),
        ({"method": "dense"}, "removes nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["method"],
)
def test_a_method_that_lacks_what_it_needs_is_refused(network, asked, said) -> None:
    with pytest.raises(ReidbenchError, match=said):
        prune(network, size=SIZE, reduction=0.4, **asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"size": (3, 64)}, "three whole numbers"),
        ({"size": "3x64x32"}, "three whole numbers"),
        ({"reduction": 1.0}, "below 1"),
        ({"reduction": -0.1}, "at least 0"),
        ({"reduction": float("nan")}, "at least 0"),
        ({"method": "l3"}, "no plugin declares a method"),
        ({"options": {"p": 3}}, "has no option 'p'"),
        ({"scope": "outer"}, "use 'inner' or 'all'"),
        ({"allocation": "fair"}, "'uniform' or 'global'"),
        ({"round_to": 0}, "round_to 0"),
        ({"min_keep": 1.5}, "min_keep"),
    ],
)
def test_wrong_arguments_end_in_one_sentence(network, asked, said) -> None:
    with pytest.raises(ReidbenchError, match=said):
        prune(network, **{"size": SIZE, "reduction": 0.5, **asked})


def test_a_reduction_out_of_reach_says_how_far_it_goes(network) -> None:
    with pytest.raises(ImpossibleReduction, match="at most"):
        prune(network, size=SIZE, reduction=0.99)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ReidbenchError, match=r"must be a torch\.nn\.Module, not function"):
        prune(resnet18, size=SIZE, reduction=0.5)


def test_a_network_without_values_is_refused_and_untouched(tmp_path, pruned) -> None:
    empty = resnet18().to("meta")
    calls = {
        "prune": lambda: prune(empty, size=SIZE, reduction=0.5),
        "load": lambda: load(pruned.save(tmp_path / "saved"), empty),
        "weights": lambda: load_backbone(
            empty, tmp_path / "saved" / "network.safetensors", name="it"
        ),
        "export": lambda: export(empty, tmp_path / "x.onnx", size=SIZE),
    }
    for name, call in calls.items():
        with pytest.raises(WeightsError, match=r"^'conv1.weight' of this ResNet .*'meta'") as said:
            call()
        assert "\n" not in str(said.value), name
    assert {tensor.device.type for tensor in empty.state_dict().values()} == {"meta"}
    assert empty.conv1.weight.shape == (64, 3, 7, 7)
    assert empty.training
    assert not (tmp_path / "x.onnx").exists()


def test_a_network_on_two_devices_is_refused_by_name_and_untouched() -> None:
    network = resnet18().train()
    network.layer3.to("meta")
    with pytest.raises(
        CaptureError, match=r"'conv1.weight' on 'cpu' and 'layer3.*' on 'meta'"
    ) as said:
        capture(network, SIZE)
    assert "move it to one" in str(said.value)
    assert network.training
    assert network.layer3[0].conv1.weight.is_meta


def test_retrain_gets_the_smaller_network_and_trains_it_in_place(network) -> None:
    seen = []

    def one_step(small: nn.Module) -> None:
        seen.append(small)
        optimiser = torch.optim.SGD(small.parameters(), lr=0.1)
        images, labels = batches()[0]
        nn.functional.cross_entropy(small.train()(images), labels).backward()
        optimiser.step()

    plain = prune(network, size=SIZE, reduction=0.5)
    made = prune(network, size=SIZE, reduction=0.5, retrain=one_step)
    assert seen == [made.network]
    assert not torch.equal(made.network.fc.weight, plain.network.fc.weight)


class TwoHeads(nn.Module):
    """A trunk with two heads: boxes and classes, as a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
        )
        self.boxes = nn.Conv2d(64, 4, 1)
        self.classes = nn.Conv2d(64, 5, 1)

    def forward(self, images: Tensor) -> dict[str, object]:
        maps = self.trunk(images)
        return {
            "boxes": self.boxes(maps),
            "classes": (self.classes(maps), maps.mean((2, 3))),
        }


def test_outputs_may_be_dicts_and_tuples_and_keep_their_channels() -> None:
    torch.manual_seed(0)
    network = TwoHeads()
    made = prune(network, size=SIZE, reduction=0.4, round_to=1)
    images = torch.randn(2, *SIZE)
    assert [tuple(out.shape) for out in outputs_of(made.network.eval(), images)] == [
        tuple(out.shape) for out in outputs_of(network.eval(), images)
    ]
    assert made.report.achieved == pytest.approx(0.4, abs=0.03)
