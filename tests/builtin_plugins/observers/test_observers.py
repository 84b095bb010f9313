"""What TensorBoard and MLflow are given of a run, read back with their own libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reidbench.plugins import discover
from reidbench.plugins.observers import Observers
from reidbench.results import Result
from reidbench.run.event_log import EventLog
from reidbench.run.observed import ObservedEvents
from reidbench.store import Store
from reidbench.store.curve import Curve
from tests.leaderboard.builders import result

KEY, LABEL = "0123456789abcdef", "s/net/data/l1: train on data"


def tell_of_a_run(observers: Observers, store: Store, finished: Result) -> None:
    """Tell of a training of two steps that is retried, another phase that fails, and a trial."""
    log, curve = EventLog(None, ObservedEvents(observers, store)), Curve()
    for step, loss in ((1, 4.0), (2, 2.0)):
        curve.step(step, 2, epoch=step / 2, loss=loss, rate=0.1 * step, speed=100.0)
    with store.writing(KEY) as (folder, _):
        curve.write(folder)
    log.begin("f" * 16, "measure")
    log.end("failed", "f" * 16, "measure", why="it broke", seconds=1.0)
    log.begin(KEY, LABEL)
    log.step(KEY, LABEL, 1, 2, "loss 4.000, 100 images/s")
    log.end("retried", KEY, LABEL, why="killed")
    log.begin(KEY, LABEL)
    log.end("finished", KEY, LABEL, seconds=1.0, weight=1.0)
    observers.tell("reidbench_trial_finished", finished)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Result, list[str]]]:
    """Tell the observers that the environment asks for of a run; yield its trial and complaints."""
    monkeypatch.setattr("reidbench.run.event_log.FIRST_STEP", 0.0)
    said: list[str] = []
    observers, store = discover().observers, Store(tmp_path / "store")
    observers.say = said.append
    trial = result("l1", mean_ap=0.5)
    tell_of_a_run(observers, store, trial)
    yield trial, said


@pytest.fixture
def tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("tensorboard", reason="pip install 'reidbench[tensorboard]'")
    monkeypatch.setenv("REIDBENCH_TENSORBOARD", str(tmp_path / "board"))
    return tmp_path / "board"


@pytest.fixture
def mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    pytest.importorskip("mlflow", reason="pip install 'reidbench[mlflow]'")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("REIDBENCH_MLFLOW", uri)
    return uri


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, round(event.value, 4)) for event in board.Scalars(tag)]
        for tag in board.Tags()["scalars"]
    }


def test_tensorboard_has_the_curve_of_each_training(
    tensorboard: Path, told: tuple[Result, list[str]]
) -> None:
    trial, said = told
    assert said == []
    found = scalars(tensorboard / "s_net_data_l1_train_on_data")
    assert found["loss"] == [(1, 4.0), (2, 2.0)]
    assert found["learning rate"] == [(1, 0.1), (2, 0.2)]
    assert found["live/loss"] == [(1, 4.0)]
    (scores,) = (
        it
        for it in tensorboard.iterdir()
        if str(trial.trial.method) in it.name and "train" not in it.name
    )
    assert scalars(scores)["scores/mAP"] == [(0, 0.5)]


def test_mlflow_has_a_run_of_each_training_and_trial(
    mlflow: str, told: tuple[Result, list[str]]
) -> None:
    from mlflow import MlflowClient

    trial, said = told
    assert said == []
    client = MlflowClient(tracking_uri=mlflow)
    experiment = client.get_experiment_by_name("reidbench")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
    of_phases = [run for run in runs if run.info.run_name == LABEL]
    assert sorted(run.info.status for run in of_phases) == ["FAILED", "FINISHED"]
    (done,) = (run for run in of_phases if run.info.status == "FINISHED")
    history = client.get_metric_history(done.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(1, 4.0), (2, 2.0)]
    (scored,) = (run for run in runs if run.info.run_name == str(trial.trial))
    assert scored.data.metrics["mAP"] == pytest.approx(0.5)
    assert scored.data.params["method"] == "l1"
    assert scored.data.tags["reidbench.key"] == trial.key
    assert len(runs) == 3  # of a measurement there is nothing to log


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_library_that_is_asked_for_and_absent_is_said_at_the_first_phase(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('No module named {name}')")
    code = (
        "from reidbench.plugins import discover\n"
        "from reidbench.api import PhaseStarted\n"
        "found = discover().observers\n"
        "found.say = print\n"
        "for _ in range(2):\n"
        "    event = PhaseStarted(key='k', label='l', worker=1)\n"
        "    found.tell('reidbench_phase_started', event)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    variable = f"REIDBENCH_{name.upper()}"
    env = {**os.environ, "PYTHONPATH": path, variable: str(tmp_path / "x")}
    said = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    (line,) = said.stdout.splitlines()
    assert f"pip install 'reidbench[{name}]'" in line
    assert line.startswith(f"plugin reidbench:{name} failed in reidbench_phase_started")


def test_without_their_variables_they_do_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REIDBENCH_TENSORBOARD", raising=False)
    monkeypatch.delenv("REIDBENCH_MLFLOW", raising=False)
    monkeypatch.chdir(tmp_path)
    observers, store = discover().observers, Store(tmp_path / "store")
    tell_of_a_run(observers, store, result("l1"))
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
