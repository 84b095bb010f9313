"""Published weights load to the last tensor, or not at all and with one clear sentence."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models

from reidbench.api import BackboneRecord, WeightsError
from reidbench_plugins import reidbench_backbones
from reidbench_plugins.backbones.mobilenetv2 import load_mobilenetv2, mobilenetv2
from reidbench_plugins.backbones.osnet import load_osnet_x0_25, osnet_x0_25
from reidbench_plugins.backbones.resnet import (
    load_resnet18,
    load_resnet34,
    load_resnet50,
    resnet18,
    resnet34,
    resnet50,
)
from reidbench_plugins.backbones.resnet_ibn import load_resnet50_ibn_a, resnet50_ibn_a
from reidbench_plugins.backbones.weights import Published

RECORDS = {record.name: record for record in reidbench_backbones() if record.loader}
State = dict[str, Tensor]


def with_classifier(network: nn.Module, key: str, width: int) -> State:
    """What the publisher of a network saves: its classifier is in it too."""
    head = {f"{key}.weight": torch.randn(1000, width), f"{key}.bias": torch.randn(1000)}
    return {**network.state_dict(), **head}


PUBLISHED: dict[str, tuple[Callable[..., None], Callable[[], nn.Module], Callable[[], State]]] = {
    "resnet18": (load_resnet18, resnet18, lambda: models.resnet18(weights=None).state_dict()),
    "mobilenetv2": (
        load_mobilenetv2,
        mobilenetv2,
        lambda: models.mobilenet_v2(weights=None).state_dict(),
    ),
    # That these keys are the publisher's is what test_torchreid shows.
    "resnet50-ibn-a": (
        load_resnet50_ibn_a,
        resnet50_ibn_a,
        lambda: with_classifier(resnet50_ibn_a(), "fc", 2048),
    ),
    "osnet-x0-25": (
        load_osnet_x0_25,
        osnet_x0_25,
        lambda: with_classifier(osnet_x0_25(), "classifier", 512),
    ),
}


def saved(path: Path, state: object, **options: Any) -> Path:
    torch.save(state, path, **options)
    return path


@pytest.fixture(scope="module")
def state() -> State:
    torch.manual_seed(7)
    return dict(models.resnet18(weights=None).state_dict())


def assert_holds(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    own = network.state_dict()
    assert {key for key in own if torch.equal(own[key], state[key])} == set(own)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_file_of_the_publisher_loads_without_its_classifier(name: str, tmp_path: Path) -> None:
    load, build, publish = PUBLISHED[name]
    torch.manual_seed(1)
    state = publish()
    torch.manual_seed(2)
    network = build()
    load(network, saved(tmp_path / "published.pth", state))
    assert_holds(network, state)


def test_every_way_to_wrap_a_state_dict_is_read(tmp_path: Path, state: State) -> None:
    parallel = {f"module.{key}": value for key, value in state.items()}
    save_file(state, tmp_path / "plain.safetensors")
    files = [
        saved(tmp_path / "wrapped.pth.tar", {"state_dict": state, "epoch": 90, "best": 0.7}),
        saved(tmp_path / "parallel.pth", {"state_dict": parallel}),
        saved(tmp_path / "old.pth", state, _use_new_zipfile_serialization=False),
        tmp_path / "plain.safetensors",
    ]
    for file in files:
        network = resnet18()
        load_resnet18(network, file)
        assert_holds(network, state)


def test_files_older_than_the_count_of_batches_load(tmp_path: Path, state: State) -> None:
    old = {key: value for key, value in state.items() if "num_batches" not in key}
    network = resnet18()
    load_resnet18(network, saved(tmp_path / "old.pth", old))
    assert_holds(network, {**network.state_dict(), **old})
    assert network.bn1.num_batches_tracked == 0


def test_parameters_stay_the_same_objects_so_that_an_optimiser_may_hold_them(
    tmp_path: Path, state: State
) -> None:
    network = resnet18()
    before = [id(parameter) for parameter in network.parameters()]
    load_resnet18(network, saved(tmp_path / "w.pth", state))
    assert [id(parameter) for parameter in network.parameters()] == before


def without(state: State, *keys: str) -> State:
    return {key: value for key, value in state.items() if key not in keys}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda s: without(s, "conv1.weight", "bn1.bias"),
            r"resnet18: 2 missing \(conv1\.weight, bn1\.bias\); give",
        ),
        (
            lambda s: {**s, "neck.weight": torch.ones(3)},
            r"1 not its own \(neck\.weight\); give",
        ),
        (
            lambda s: {**s, "conv1.weight": torch.ones(64, 1, 7, 7)},
            r"1 of another shape \(conv1\.weight 64x1x7x7 for 64x3x7x7\); give",
        ),
        (
            lambda s: {**without(s, "bn1.bias"), "neck.weight": torch.ones(2, 512)},
            r"1 missing \(bn1\.bias\); 1 not its own \(neck\.weight\); give",
        ),
        (lambda s: {}, r"100 missing \(conv1\.weight, bn1\.weight, bn1\.bias, and 97 more\)"),
    ],
    ids=["missing", "unexpected", "shape", "both", "nothing"],
)
def test_a_state_that_does_not_fit_is_refused_whole(
    change: Callable[[State], State], sentence: str, tmp_path: Path, state: State
) -> None:
    network = resnet18()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(WeightsError, match=sentence):
        load_resnet18(network, saved(tmp_path / "w.pth", change(state)))
    assert_holds(network, before)


@pytest.mark.parametrize(
    ("load", "build", "counts"),
    [
        (load_resnet50, resnet50, "missing .* not its own|missing .* of another shape"),
        (load_resnet34, resnet34, r"80 missing \(layer1\.2\.conv1\.weight, .* and 77 more\); give"),
        (load_osnet_x0_25, osnet_x0_25, "missing .* not its own"),
        (load_resnet50_ibn_a, resnet50_ibn_a, "missing"),
    ],
    ids=["resnet50", "resnet34", "osnet", "ibn"],
)
def test_weights_of_another_network_are_refused(
    load: Callable[..., None],
    build: Callable[[], nn.Module],
    counts: str,
    tmp_path: Path,
    state: State,
) -> None:
    file = saved(tmp_path / "resnet18.pth", state)
    with pytest.raises(WeightsError, match=counts) as caught:
        load(build(), file)
    assert str(caught.value).startswith(f"{file} does not hold weights of ")


class Payload:
    """What a hostile pickle does when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("write", [torch.save, lambda what, path: path.write_bytes(pickled(what))])
def test_a_file_with_code_is_refused_and_nothing_runs(
    write: Callable[[object, Path], None], tmp_path: Path
) -> None:
    file, mark = tmp_path / "w.pth", tmp_path / "ran"
    write({"conv1.weight": Payload(mark)}, file)
    with pytest.raises(WeightsError, match=r"tensors \((posix|nt)\.mkdir\).* could run code"):
        load_resnet18(resnet18(), file)
    assert not mark.exists()


def pickled(what: object) -> bytes:
    return pickle.dumps(what, protocol=2)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("damage", ["empty", "garbage", "truncated"])
def test_a_damaged_file_is_one_sentence(name: str, damage: str, tmp_path: Path) -> None:
    file = tmp_path / name
    whole = {"conv1.weight": torch.ones(64, 3, 7, 7)}
    if name.endswith(".pth"):
        torch.save(whole, file)
    else:
        save_file(whole, file)
    content = {"empty": b"", "garbage": b"<html>Not Found</html>" * 9}
    file.write_bytes(content.get(damage, file.read_bytes()[:5000]))
    with pytest.raises(WeightsError, match=r"w\.(pth|safetensors) is (damaged|no whole)") as caught:
        load_resnet18(resnet18(), file)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_no_files(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.pth", tmp_path):
        with pytest.raises(WeightsError, match="is no file; give the path"):
            load_resnet18(resnet18(), path)


@pytest.mark.parametrize("content", [[1, 2], {"conv1.weight": 3}, {1: torch.ones(1)}, {"a": {}}])
def test_a_file_of_anything_else_holds_no_state_dict(content: object, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="holds no state dict; expected"):
        load_resnet18(resnet18(), saved(tmp_path / "w.pth", content))


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(WeightsError, match="resnet18 has no published weights called 'imagent'"):
        load_resnet18(resnet18(), "imagent")


# Downloads, from the disk by file:// addresses: through torch's own code, without a network.


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hub" / "checkpoints"


def published(folder: Path, state: State, digest: str | None = None) -> Published:
    file = saved(folder / "net.pth", state)
    digest = digest or hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    address = file.rename(folder / f"net-{digest}.pth").as_uri()
    return Published(backbone="resnet18", classifier="fc.", address=address)


def test_imagenet_is_downloaded_once_into_torch_s_own_cache(
    cache: Path, tmp_path: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    source = published(tmp_path, state)
    source.load(resnet18(), "imagenet")
    [kept] = cache.iterdir()
    assert kept.name == source.address.rpartition("/")[2]
    (tmp_path / kept.name).unlink()
    network = resnet18()
    source.load(network, "imagenet")
    assert_holds(network, state)
    assert capsys.readouterr().out == ""


def test_a_download_of_other_bytes_is_refused_and_not_kept(
    cache: Path, tmp_path: Path, state: State
) -> None:
    with pytest.raises(WeightsError, match="invalid hash"):
        published(tmp_path, state, digest="0123abcd").load(resnet18(), "imagenet")
    assert list(cache.iterdir()) == []


def test_a_cached_file_of_other_bytes_is_refused(cache: Path, tmp_path: Path, state: State) -> None:
    source = published(tmp_path, state)
    source.load(resnet18(), "imagenet")
    [kept] = cache.iterdir()
    kept.write_bytes(kept.read_bytes() + b"!")
    with pytest.raises(WeightsError, match=r"is not the file .* SHA-256 begins .* delete it"):
        source.load(resnet18(), "imagenet")


@pytest.mark.parametrize("name", RECORDS)
def test_without_a_network_one_sentence_says_what_to_download_and_where(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.urlopen", offline)
    record: BackboneRecord = RECORDS[name]
    module, _, attribute = record.loader.partition(":")
    loader = getattr(__import__(module, fromlist=[attribute]), attribute)
    with torch.device("meta"):
        network = record.build({})
    with pytest.raises(WeightsError, match=r"https://\S+ .*give the path of the file") as caught:
        loader(network, "imagenet")
    assert str(caught.value).startswith(f"{name}'s ImageNet weights cannot be downloaded")


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("resnet18", models.ResNet18_Weights.IMAGENET1K_V1),
        ("resnet34", models.ResNet34_Weights.IMAGENET1K_V1),
        ("resnet50", models.ResNet50_Weights.IMAGENET1K_V1),
        ("resnet101", models.ResNet101_Weights.IMAGENET1K_V1),
        ("mobilenetv2", models.MobileNet_V2_Weights.IMAGENET1K_V1),
    ],
)
def test_imagenet_means_torchvision_s_first_version(
    name: str, weights: models.WeightsEnum, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def fetched(address: str, file: str, start: str, progress: bool) -> None:
        asked.append((address, start))
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", fetched)
    module, _, attribute = RECORDS[name].loader.partition(":")
    with pytest.raises(WeightsError):
        getattr(__import__(module, fromlist=[attribute]), attribute)(nn.Identity(), "imagenet")
    assert asked == [(weights.url, weights.url.split("-")[-1].removesuffix(".pth"))]
