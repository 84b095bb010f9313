"""A pruned network on disk: its plan as JSON and its state as safetensors, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from reidbench.engine.channels.graph import ChannelGraph
from reidbench.engine.channels.plan import PruningPlan
from reidbench.engine.channels.problems import SavedNetworkError
from reidbench.engine.channels.surgery import remove
from reidbench.engine.channels.tracing import capture

SCHEMA_VERSION = 1
NETWORK_FILE = "network.safetensors"
PLAN_FILE = "plan.json"


def save_pruned(directory: Path, state: Mapping[str, Tensor], plan: PruningPlan) -> None:
    """Write ``network.safetensors`` and ``plan.json`` into ``directory`` (made if missing).

    ``plan`` leads from the dense network to the one whose ``state_dict`` is ``state``; compose
    successive plans with ``PruningPlan.then``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    # safetensors refuses tensors that share memory, so each gets its own.
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    write_tensors(directory / NETWORK_FILE, own)
    text = json.dumps({"schema_version": SCHEMA_VERSION, **plan.to_json()}, sort_keys=True)
    (directory / PLAN_FILE).write_text(text + "\n", encoding="utf-8")


def write_tensors(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file.

    Raises:
        OSError: it cannot be written.

    """
    # Not by save_file, whose own error has no number that tells a full disk from anything else.
    file.write_bytes(save(tensors))


def apply_saved(
    directory: Path,
    module: nn.Module,
    input_size: tuple[int, int, int],
    graph: ChannelGraph | None = None,
) -> nn.Module:
    """Prune the dense ``module`` in place as saved in ``directory``, load its state, return it.

    ``graph`` is the module's, if it is at hand: capturing it takes longer than all else here.

    Raises ``SavedNetworkError`` if files are missing or unreadable, or if the state does not fit
    this architecture to the last tensor; ``PlanError`` if the plan does not. Nothing is loaded
    in part.
    """
    plan = read_plan(directory)
    state = _state(directory / NETWORK_FILE)
    _refuse_unless_fitting(directory, module, state, shapes=False)
    remove(module, graph or capture(module, input_size), plan)
    _refuse_unless_fitting(directory, module, state, shapes=True)
    module.load_state_dict(state, strict=True)
    return module


def read_plan(directory: Path) -> PruningPlan:
    """Return the plan saved in ``directory``; raise ``SavedNetworkError`` if it cannot be read."""
    path = directory / PLAN_FILE
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise SavedNetworkError(f"{path}: not a readable pruning plan ({problem})") from problem
    version = data.pop("schema_version", None) if isinstance(data, dict) else None
    if version != SCHEMA_VERSION:
        raise SavedNetworkError(
            f"{path}: schema version {version} cannot be read by this reidbench, which reads"
            f" version {SCHEMA_VERSION}; save the network again with this version, or load it"
            " with the one that wrote it"
        )
    return PruningPlan.from_json(data)


def _state(path: Path) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as problem:
        raise SavedNetworkError(f"{path}: not a readable network ({problem})") from problem
    return state


def _refuse_unless_fitting(
    directory: Path, module: nn.Module, state: Mapping[str, Tensor], *, shapes: bool
) -> None:
    own = module.state_dict()
    mismatched = [
        f"{name} {_kind(state[name])} for {_kind(own[name])}"
        for name in own
        if shapes and name in state and _kind(state[name]) != _kind(own[name])
    ]
    problems = {
        "missing": [name for name in own if name not in state],
        "unexpected": [name for name in state if name not in own],
        "mismatched": mismatched,
    }
    found = [f"{kind}: {_listed(names)}" for kind, names in problems.items() if names]
    if found:
        raise SavedNetworkError(
            f"{directory}: the saved state does not fit {type(module).__name__};"
            f" {'; '.join(found)}; build the architecture, embedding and classes it was saved from"
        )


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
