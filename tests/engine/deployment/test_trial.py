"""A trial's network comes back as it was measured, preprocessing included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reidbench import load_trial, run_suite
from reidbench.api import ReIDData, Split
from reidbench.config.protocol import FOLDER
from reidbench.engine.deployment.trial import LoadedTrial, TrialError
from reidbench.engine.retrieval import Features, score
from reidbench.errors import ReidbenchError
from reidbench.plugins import Catalogue, Component, Plugin, Registry
from tests.engine.deployment.conftest import TinyRun
from tests.support.suites import write_suite


def features(trial: LoadedTrial, split: Split) -> Features:
    pictures = [Image.fromarray(split.read(index)) for index in range(len(split))]
    return Features(trial.embed(pictures), np.asarray(split.pids), np.asarray(split.camids))


def data_of(run: TinyRun) -> ReIDData:
    record = run.registry.datasets.get("tiny").record
    made = record.build(record.options)
    assert isinstance(made, ReIDData)
    return made


@pytest.mark.parametrize("method", ["dense", "l1"])
def test_it_scores_what_the_row_says(tiny_run: TinyRun, method: str) -> None:
    trial = load_trial(tiny_run.file(method), store=tiny_run.store, registry=tiny_run.registry)
    data = data_of(tiny_run)
    scores = score(features(trial, data.query), features(trial, data.gallery), metric="cosine")
    row = tiny_run.result(method).scores
    assert row is not None
    assert scores.mAP == row.final.mAP
    assert scores.rank1 == row.final.rank1


def test_a_key_names_the_same_network_and_the_cut_one_is_another(tiny_run: TinyRun) -> None:
    key = tiny_run.result("l1").phases[-1].key
    given = {"store": tiny_run.store, "registry": tiny_run.registry}
    by_file, by_key = load_trial(tiny_run.file("l1"), **given), load_trial(key, **given)
    cut = load_trial(key, state="pruned", **given)
    images = torch.randn(2, *by_key.size)
    assert by_key.key == by_file.key == key
    assert torch.equal(by_key.network(images), by_file.network(images))
    assert not torch.equal(by_key.network(images), cut.network(images))
    assert cut.plan == by_key.plan


def test_pictures_may_be_files_of_any_size_and_mode(tiny_run: TinyRun, tmp_path: Path) -> None:
    trial = load_trial(tiny_run.file("l1"), store=tiny_run.store, registry=tiny_run.registry)
    Image.new("RGBA", (50, 70), (200, 10, 10, 255)).save(tmp_path / "red.png")
    red = trial.preprocess([tmp_path / "red.png", Image.new("RGB", (9, 9), (200, 10, 10))])
    assert red.shape == (2, *trial.size)
    assert torch.equal(red[0], red[1])
    mean, std = trial.protocol.input.mean[0], trial.protocol.input.std[0]
    assert red[0, 0].unique().item() == pytest.approx((200 / 255 - mean) / std, abs=1e-6)


def test_the_environment_says_where_the_store_is(tiny_run: TinyRun, monkeypatch) -> None:
    monkeypatch.setenv("REIDBENCH_STORE", str(tiny_run.store))
    assert load_trial(tiny_run.file("l1"), registry=tiny_run.registry).backbone == "tinynet"


@pytest.mark.parametrize(
    ("trial", "said"),
    [
        ("0123456789abcdef", "no network with the key"),
        ("nosuch.json", "nosuch.json"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(tiny_run: TinyRun, trial: str, said: str) -> None:
    with pytest.raises(ReidbenchError, match=said):
        load_trial(trial, store=tiny_run.store, registry=tiny_run.registry)


def test_the_key_of_a_measurement_has_no_network(tiny_run: TinyRun) -> None:
    notes = (path.parent.name for path in tiny_run.store.glob("*/meta.json"))
    given = {"store": tiny_run.store, "registry": tiny_run.registry}
    refused = []
    for key in notes:
        try:
            load_trial(key, **given)
        except TrialError as error:
            refused.append(str(error))
    assert any("key of evaluate, which has no network" in text for text in refused)


def test_another_version_of_the_backbone_is_refused(tiny_run: TinyRun, monkeypatch) -> None:
    record = tiny_run.registry.backbones.get("tinynet").record
    monkeypatch.setitem(record.__dict__, "version", "99")
    with pytest.raises(TrialError, match="installed in version 99"):
        load_trial(tiny_run.file("l1"), store=tiny_run.store, registry=tiny_run.registry)


def test_a_backbone_of_this_name_by_somebody_else_is_refused(tiny_run: TinyRun) -> None:
    own = tiny_run.registry.backbones.get("tinynet")
    theirs = Component(own.record, Plugin("theirs", "reidbench-theirs", "1.0"))
    registry = replace(tiny_run.registry, backbones=Catalogue("backbone", [theirs]))
    with pytest.raises(TrialError, match=r"is that of reidbench-theirs here, .* reidbench-tiny"):
        load_trial(tiny_run.file("l1"), store=tiny_run.store, registry=registry)


def test_variants_of_a_backbone_are_named_apart(tiny_run: TinyRun) -> None:
    own = tiny_run.registry.backbones.get("tinynet")
    other = replace(own, record=replace(own.record, options={"width": 48}))
    registry = replace(tiny_run.registry, backbones=Catalogue("backbone", [other]))
    given = {"store": tiny_run.store, "registry": registry}
    assert load_trial(tiny_run.file("l1"), **given).backbone == "tinynet(width=96)"


def test_it_embeds_in_the_precision_that_was_measured(
    tiny_registry: Registry, tmp_path: Path
) -> None:
    rules = (FOLDER / "smoke-1.yaml").read_text().replace("smoke/1", "half/1")
    (tmp_path / "half.yaml").write_text(rules.replace("float32", "bfloat16"))
    suite = write_suite(tmp_path, methods=["dense"], protocol="half.yaml")
    asked = {"out": tmp_path / "out", "store": tmp_path / "store", "device": "cpu", "threads": 1}
    run = TinyRun(tmp_path, run_suite(suite, **asked), tiny_registry)
    trial = load_trial(run.file("dense"), store=run.store, registry=tiny_registry)
    data, row = data_of(run), run.result("dense").scores
    queries = features(trial, data.query)
    assert row is not None
    scores = score(queries, features(trial, data.gallery), metric="cosine")
    assert scores.mAP == row.final.mAP
    pictures = [Image.fromarray(data.query.read(index)) for index in range(4)]
    with torch.no_grad():
        whole = trial.network(trial.preprocess(pictures))
    assert not torch.equal(queries.embeddings[:4], whole)  # which is float32


def test_an_unknown_state_is_refused(tiny_run: TinyRun) -> None:
    with pytest.raises(TrialError, match="'final' or 'pruned'"):
        load_trial(tiny_run.file("l1"), store=tiny_run.store, state="best")
