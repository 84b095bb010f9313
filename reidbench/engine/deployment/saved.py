"""A pruned network on disk: plan, weights and report; nothing is pickled."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from torch import nn

from reidbench.engine.channels import PruningPlan, SavedNetworkError, apply_saved, save_pruned
from reidbench.engine.deployment.report import Report
from reidbench.engine.weights import refuse_without_values
from reidbench.files import write_atomically

REPORT_FILE = "report.json"
SCHEMA_VERSION = 1


def save_network(
    folder: Path,
    network: nn.Module,
    plan: PruningPlan,
    report: Report,
    size: tuple[int, int, int],
) -> Path:
    """Write ``plan.json``, ``network.safetensors`` and ``report.json``; return the folder."""
    save_pruned(folder, network.state_dict(), plan)
    document = {"schema_version": SCHEMA_VERSION, "size": size, "report": report.document()}
    write_atomically(folder / REPORT_FILE, json.dumps(document, indent=1) + "\n")
    return folder


def load(folder: Path | str, network: nn.Module) -> nn.Module:
    """Return a copy of the dense ``network``, cut as saved in ``folder``, with its weights.

    Raises:
        SavedNetworkError: files are missing, or of another network.
        WeightsError: ``network`` cannot hold weights.

    """
    refuse_without_values(network)
    size = read_size(Path(folder))
    return apply_saved(Path(folder), copy.deepcopy(network), size)


def read_size(folder: Path) -> tuple[int, int, int]:
    """Return channels, height and width of the images that the network of a folder takes."""
    channels, height, width = _read(folder)["size"]
    return channels, height, width


def read_report(folder: Path) -> Report:
    """Return the report of a folder."""
    return Report.read(_read(folder)["report"])


def _read(folder: Path) -> dict[str, Any]:
    path = folder / REPORT_FILE
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = document["schema_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SavedNetworkError(
            f"{path}: not a readable report ({error}); give the folder that Pruned.save() or "
            "'reidbench prune' wrote"
        ) from error
    if version != SCHEMA_VERSION:
        raise SavedNetworkError(
            f"{path}: schema version {version}, this reidbench reads {SCHEMA_VERSION}; "
            "load it with the version that wrote it"
        )
    return document
