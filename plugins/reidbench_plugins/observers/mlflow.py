"""Logs phases and trials as runs of MLflow, to the tracking URI in ``REIDBENCH_MLFLOW``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from reidbench.api import PhaseFinished, PhaseStarted, PhaseStep, hookimpl

URI, EXPERIMENT = "REIDBENCH_MLFLOW", "reidbench"
_runs: dict[str, str] = {}
"""Runs of MLflow by the keys of the phases at work."""


@cache
def _client(uri: str) -> tuple[Any, str]:
    """Return a client, and the experiment that everything is logged to."""
    try:
        from mlflow import MlflowClient
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{URI} needs MLflow: pip install 'reidbench[mlflow]'") from error
    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(EXPERIMENT)
    return client, found.experiment_id if found else client.create_experiment(EXPERIMENT)


def _begun(key: str, name: str) -> tuple[Any, str]:
    """Return a client, and the run of a phase or trial."""
    client, experiment = _client(os.environ[URI])
    if key not in _runs:
        run = client.create_run(experiment, run_name=name, tags={"reidbench.key": key})
        _runs[key] = run.info.run_id
    return client, _runs[key]


def _log(client: Any, run: str, steps: Mapping[int, Mapping[str, float | None]]) -> None:
    """Log numbers by step and name; None is no number."""
    from mlflow.entities import Metric

    now = int(1000 * time.time())
    metrics = [
        Metric(name, value, now, step)
        for step, numbers in steps.items()
        for name, value in numbers.items()
        if value is not None
    ]
    client.log_batch(run, metrics=metrics)


@hookimpl
def reidbench_phase_started(event: PhaseStarted) -> None:
    """Say at the first phase, not hours later, that MLflow or its server is not there."""
    if uri := os.environ.get(URI):
        _client(uri)


@hookimpl
def reidbench_phase_step(event: PhaseStep) -> None:
    """Log how a training goes, while it goes."""
    if os.environ.get(URI) and event.loss is not None:
        numbers = {"live_loss": event.loss, "live_images_per_second": event.images_per_second}
        _log(*_begun(event.key, event.label), {event.done: numbers})


@hookimpl
def reidbench_phase_finished(event: PhaseFinished) -> None:
    """Log the whole curve of a training."""
    if os.environ.get(URI) and (event.curve or event.key in _runs):
        client, run = _begun(event.key, event.label)
        _log(client, run, {point.step: asdict(point) for point in event.curve})
        client.set_terminated(run, "FINISHED" if event.end == "finished" else "FAILED")
        del _runs[event.key]


@hookimpl
def reidbench_trial_finished(result: Any) -> None:
    """Log what was tried, and what it scores."""
    if not os.environ.get(URI):
        return
    client, run = _begun(result.key, str(result.trial))
    for name, value in result.trial.model_dump().items():
        client.log_param(run, name, value)
    if result.scores is not None:
        final = result.scores.final
        scores = {"mAP": final.mAP, "rank1": final.rank1, "mINP": final.mINP}
        _log(client, run, {0: scores})
    client.set_terminated(run, "FINISHED" if result.status == "done" else "FAILED")
    del _runs[result.key]
