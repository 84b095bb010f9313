"""What README and tutorial show of one's own network runs, and does what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from reidbench.api import ReIDData, Split
from reidbench.engine.channels import capture
from reidbench.engine.channels.proof import outputs_of
from reidbench.engine.retrieval import Features, score
from tests.engine.deployment.conftest import TinyRun
from tests.support.places import ROOT

README = ROOT / "README.md"
NETWORKS = ROOT / "docs" / "networks-of-a-run.md"
TUTORIAL = ROOT / "docs" / "pruning-your-network.md"
SIZE = (3, 64, 32)


def code_of(page: Path, having: str) -> str:
    """Return the one Python block of a page that holds a text."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if having in block)
    return found


def changed(code: str, old: str, new: str) -> str:
    """Return code with a text exchanged that must be in it."""
    assert old in code
    return code.replace(old, new)


class Detector(nn.Module):
    """A trunk with a residual block, and heads for boxes and classes at two resolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU())
        self.block = nn.Sequential(
            nn.Conv2d(32, 64, 3, 1, 1), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 32, 1)
        )
        self.deeper = nn.Sequential(nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.ReLU())
        self.boxes = nn.ModuleList([nn.Conv2d(32, 4, 1), nn.Conv2d(64, 4, 1)])
        self.classes = nn.ModuleList([nn.Conv2d(32, 5, 1), nn.Conv2d(64, 5, 1)])

    def forward(self, images: Tensor) -> dict[str, list[Tensor]]:
        """Return both heads' maps, fine and coarse."""
        fine = self.stem(images)
        fine = fine + self.block(fine)
        maps = (fine, self.deeper(fine))
        return {
            "boxes": [head(one) for head, one in zip(self.boxes, maps, strict=True)],
            "classes": [head(one) for head, one in zip(self.classes, maps, strict=True)],
        }


def of_torchvision() -> nn.Module:
    from torchvision.models import resnet50

    return resnet50()


def of_timm() -> nn.Module:
    timm = pytest.importorskip("timm")
    made: nn.Module = timm.create_model("resnet10t", pretrained=False)
    return made


@pytest.mark.parametrize("build", [of_torchvision, of_timm, Detector])
def test_the_readme_halves_a_network(build: Callable[[], nn.Module], tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = code_of(README, "reidbench.prune(")
    code = changed(code, "size=(3, 256, 128)", f"size={SIZE}")
    code = changed(code, "from torchvision.models import resnet50 as build", "")
    names: dict[str, Any] = {"build": build}
    torch.manual_seed(0)
    exec(code, names)
    pruned, network = names["pruned"], names["network"].eval()
    assert pruned.report.achieved == pytest.approx(0.5, abs=0.02)
    assert pruned.report.difference < 1e-9
    assert capture(network, SIZE).macs.total() == pruned.report.macs
    images = torch.randn(2, *SIZE)
    loaded, cut = outputs_of(network, images), outputs_of(pruned.network.eval(), images)
    assert all(torch.equal(one, other) for one, other in zip(loaded, cut, strict=True))
    assert [one.shape for one in cut] == [one.shape for one in outputs_of(build().eval(), images)]


def test_a_page_takes_a_trial_that_scores_what_its_row_says(tiny_run, monkeypatch) -> None:
    monkeypatch.setenv("REIDBENCH_STORE", str(tiny_run.store))
    code = code_of(NETWORKS, "load_trial(")
    code = changed(code, "runs/quickstart/results/KEY.json", str(tiny_run.file("l1")))
    code = changed(code, '["query.png", "gallery.png"]', "pictures")
    data = _data(tiny_run)
    query, gallery = (_features(code, split) for split in (data.query, data.gallery))
    scores = score(query, gallery, metric="cosine")
    row = tiny_run.result("l1").scores
    assert (scores.mAP, scores.rank1) == (row.final.mAP, row.final.rank1)


def _data(run: TinyRun) -> ReIDData:
    record = run.registry.datasets.get("tiny").record
    made = record.build(record.options)
    assert isinstance(made, ReIDData)
    return made


def _features(code: str, split: Split) -> Features:
    names = {"pictures": [Image.fromarray(split.read(index)) for index in range(len(split))]}
    exec(code, names)
    return Features(names["embeddings"], np.asarray(split.pids), np.asarray(split.camids))


def test_the_tutorial_recovers_a_network() -> None:
    names: dict[str, Any] = {}
    code = code_of(TUTORIAL, "def train(")
    exec(code, names)
    accuracy = names["accuracy"]
    dense, cut, recovered = (
        accuracy(network)
        for network in (names["network"], names["cut"].network, names["recovered"].network)
    )
    assert names["cut"].report.achieved == pytest.approx(0.75, abs=0.03)
    assert dense > 0.95
    assert cut < dense - 0.1
    assert recovered > dense - 0.03
    exec(code_of(TUTORIAL, 'method="taylor"'), names)
    assert names["pruned"].report.achieved == pytest.approx(0.75, abs=0.03)


def test_the_tutorial_shows_every_argument_with_its_default() -> None:
    import inspect

    from reidbench import prune

    code = code_of(TUTORIAL, "pruned = reidbench.prune(\n")
    shown = dict(re.findall(r"^    (\w+)=(.+?),\s+#", code, re.MULTILINE))
    known = inspect.signature(prune).parameters
    assert shown.keys() <= known.keys()
    own = {"size", "reduction", "keep"}  # these have no default, or one that shows nothing
    given = {name: eval(text) for name, text in shown.items()}
    assert {n: v for n, v in given.items() if n not in own} == {
        name: known[name].default for name in given if name not in own
    }
    assert len(given) > 8
