"""Where a command finds a network: a trial of a run, or a folder that pruning wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from reidbench import __version__
from reidbench.engine.deployment.factory import find_network
from reidbench.engine.deployment.saved import REPORT_FILE, load, read_report, read_size
from reidbench.engine.deployment.trial import LoadedTrial, load_trial
from reidbench.errors import ReidbenchError
from reidbench.plugins import discover
from reidbench.results import Result, read_result


@dataclass(frozen=True, eq=False)
class Source:
    """A network in eval mode, and what is known of it.

    Attributes:
        network: the network.
        name: of the trial or folder.
        family: the backbone or factory it was pruned from.
        dense: makes the dense network, with weights of no meaning.
        size: channels, height and width of its images.
        metadata: what an exported file says of it.

    """

    network: nn.Module
    name: str
    family: str
    dense: Callable[[], nn.Module]
    size: tuple[int, int, int]
    metadata: dict[str, Any]


def find_source(
    trial: str,
    network: str | None = None,
    *,
    store: Path | None = None,
    state: str = "final",
    disabled: Sequence[str] = (),
) -> Source:
    """Return the network of a trial's result file, of a phase's key, or of a pruned folder.

    ``network`` names the factory of the dense network, for a folder.

    Raises:
        ReidbenchError: nothing is there, or ``network`` is missing or of no use.

    """
    path = Path(trial)
    if (path / REPORT_FILE).is_file():
        if state != "final":
            raise ReidbenchError(
                f"--state {state} is for a trial; {trial} is a folder that 'reidbench prune' "
                "wrote, which holds one network"
            )
        return _of_folder(path, network)
    if network is not None:
        raise ReidbenchError(
            f"--network is for a folder that 'reidbench prune' wrote; {trial} is a trial, whose "
            "backbone is known"
        )
    loaded = open_trial(trial, store=store, state=state, disabled=disabled)
    rules = loaded.protocol
    metadata = {
        "reidbench": __version__,
        "key": loaded.key,
        "state": state,
        "backbone": loaded.backbone,
        "protocol": rules.identity(),
        "size": list(loaded.size),
        "mean": list(rules.input.mean),
        "std": list(rules.input.std),
        "widths": loaded.plan.widths,
        **(_of_result(read_result(path)) if path.is_file() else {}),
    }
    return Source(loaded.network, path.stem, loaded.backbone, loaded.dense, loaded.size, metadata)


def open_trial(
    trial: str, *, store: Path | None = None, state: str = "final", disabled: Sequence[str] = ()
) -> LoadedTrial:
    """Return the trial of a result file or of a phase's key.

    Raises:
        ReidbenchError: no network is there, or ``trial`` is a pruned folder, of which nobody knows
            how its images are prepared.

    """
    if (Path(trial) / REPORT_FILE).is_file():
        raise ReidbenchError(
            f"{trial}: a folder that 'reidbench prune' wrote has no protocol, which would say how "
            "to prepare and compare images; give a trial's result file or the key of its phase"
        )
    return load_trial(trial, store=store, state=state, registry=discover(disabled))


def _of_result(result: Result) -> dict[str, Any]:
    scores = result.scores.final.model_dump() if result.scores else {}
    return {"trial": str(result.trial), "scores": scores}


def _of_folder(folder: Path, network: str | None) -> Source:
    if network is None:
        raise ReidbenchError(
            f"{folder}: name the dense network it was pruned from, as in "
            "--network torchvision.models:resnet50"
        )
    size, report = read_size(folder), read_report(folder)
    loaded = load(folder, find_network(network)).eval()
    metadata = {"reidbench": __version__, "size": list(size), "report": report.document()}
    return Source(
        loaded, folder.resolve().name, network, lambda: find_network(network), size, metadata
    )
