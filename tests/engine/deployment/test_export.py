"""What a file computes is what the network does, for other runtimes and any batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn
from torchvision.models import mobilenet_v2, resnet18

from reidbench.engine.deployment import prune
from reidbench.engine.deployment.export import FORMATS, ExportError, export, formats
from reidbench.engine.deployment.export.folding import folded
from reidbench.plugins import discover
from tests.engine.deployment.lively import enlivened

SIZE = (3, 64, 32)


@pytest.fixture(scope="module")
def small() -> nn.Module:
    torch.manual_seed(0)
    network = enlivened(resnet18(num_classes=16))
    return prune(network, size=SIZE, reduction=0.6, scope="all").network.eval()


@pytest.mark.parametrize("name", FORMATS)
def test_parity_at_batches_of_1_3_and_8(small: nn.Module, name: str, tmp_path: Path) -> None:
    before = {key: value.clone() for key, value in small.state_dict().items()}
    done = export(small, tmp_path / "x", size=SIZE, to=name, metadata={"key": "k"})
    assert list(done.differences) == [1, 3, 8]
    assert max(done.differences.values()) < 1e-4
    assert done.size > 100_000
    assert all(torch.equal(value, before[key]) for key, value in small.state_dict().items())


def test_onnx_is_one_file_without_norms_and_says_what_it_is(small, tmp_path) -> None:
    onnx = pytest.importorskip("onnx")
    export(small, tmp_path / "x.onnx", size=SIZE, metadata={"protocol": "mini/1"})
    assert [file.name for file in tmp_path.iterdir()] == ["x.onnx"]
    model = onnx.load(tmp_path / "x.onnx")
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    told = {item.key: item.value for item in model.metadata_props}
    assert json.loads(told["reidbench"]) == {"protocol": "mini/1"}


def test_pt2_and_weights_carry_the_metadata_too(small, tmp_path) -> None:
    export(small, tmp_path / "x.pt2", size=SIZE, metadata={"a": 1})
    extra = {"reidbench.json": ""}
    torch.export.load(tmp_path / "x.pt2", extra_files=extra)
    assert json.loads(extra["reidbench.json"]) == {"a": 1}
    export(small, tmp_path / "x.safetensors", size=SIZE, metadata={"a": 1})
    with safe_open(tmp_path / "x.safetensors", "pt") as file:
        assert json.loads(file.metadata()["reidbench"]) == {"a": 1}


def test_the_ending_names_the_format_and_an_unknown_one_is_refused(small, tmp_path) -> None:
    assert export(small, tmp_path / "y.pt2", size=SIZE).format == "pt2"
    with pytest.raises(ExportError, match=r"\.onnx, \.pt2"):
        export(small, tmp_path / "y.tflite", size=SIZE)
    with pytest.raises(ExportError, match="did you mean 'onnx'"):
        export(small, tmp_path / "y", size=SIZE, to="onx")


def test_a_file_that_computes_something_else_is_removed(small, tmp_path, monkeypatch) -> None:
    def wrong(network: nn.Module, size, file: Path, metadata) -> None:
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(1.001)
        formats._write_weights(network, size, file, metadata)

    broken = formats.Format(".safetensors", wrong, FORMATS["state-dict"].read)
    monkeypatch.setitem(FORMATS, "state-dict", broken)
    # The network is read back into a copy: the writer's own change must not hide itself.
    with pytest.raises(ExportError, match="differs from the network"):
        export(small, tmp_path / "x.safetensors", size=SIZE)
    assert list(tmp_path.iterdir()) == []


class Branching(nn.Module):
    """A network that looks at values."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3)) if images.sum() > 0 else -images.mean((2, 3))


def test_a_network_that_cannot_be_exported_ends_in_a_sentence(tmp_path) -> None:
    with pytest.raises(ExportError, match="Branching cannot be exported to pt2"):
        export(Branching(), tmp_path / "x.pt2", size=SIZE)


def test_folding_takes_norms_out_and_keeps_the_function() -> None:
    torch.manual_seed(0)
    network = enlivened(mobilenet_v2(num_classes=4)).eval()
    slim = folded(network)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in slim.modules())
    images = torch.randn(2, *SIZE)
    with torch.no_grad():
        torch.testing.assert_close(slim(images), network(images), rtol=1e-3, atol=1e-3)


@pytest.mark.nightly
@pytest.mark.parametrize("method", ["l1", "fpgm", "random"])
@pytest.mark.parametrize("name", ["onnx", "pt2", "openvino"])
@pytest.mark.parametrize(
    "backbone",
    [
        *("resnet10", "resnet18", "resnet34", "resnet50", "resnet101"),
        *("resnet10-x0-5", "resnet18-x0-5"),
        "resnet50-ibn-a",
        *("mobilenetv2", "osnet-x1-0", "osnet-x0-5", "osnet-x0-25"),
    ],
)
def test_every_built_in_backbone_exports(backbone, name, method, tmp_path) -> None:
    record = discover().backbones.get(backbone).record
    network = enlivened(record.build(record.options))
    reduction = 0.4 if backbone.startswith("osnet") else 0.5
    made = prune(network, size=(3, 128, 64), reduction=reduction, method=method)
    done = export(made.network, tmp_path / "x", size=(3, 128, 64), to=name)
    assert max(done.differences.values()) <= 1e-4
