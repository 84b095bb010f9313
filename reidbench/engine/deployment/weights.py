"""Weights from a file into a network: safe to read, whatever wrapped them when they were saved."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from reidbench.errors import ReidbenchError, WeightsError, did_you_mean, one_line

WRAPPERS = ("module.", "_orig_mod.", "model.", "backbone.")
"""Prefixes of DDP, torch.compile and training frameworks: off, if every key of a file has one."""
CURE = "save network.state_dict() alone"
NESTED = ("state_dict", "model_state_dict", "model", "net", "network")
"""Where training scripts keep the weights inside a checkpoint."""


def load_weights(network: nn.Module, file: Path | str) -> None:
    """Load the weights of a file into ``network``, in place, all of them or none.

    Reads safetensors, and what ``torch.save`` wrote if it holds tensors alone (``weights_only``).

    Raises:
        WeightsError: the file cannot be read, holds more than tensors, or is of another network, or
            ``network`` cannot hold weights.

    """
    refuse_without_values(network)
    state = unwrapped(read_weights(Path(file)), network.state_dict())
    own = network.state_dict()
    missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    other = sorted(
        f"{name} {tuple(state[name].shape)} for {tuple(own[name].shape)}"
        for name in own.keys() & state.keys()
        if state[name].shape != own[name].shape
    )
    problems = {"missing": missing, "unexpected": unexpected, "of another shape": other}
    found = [f"{what}: {_listed(names)}" for what, names in problems.items() if names]
    if found:
        raise WeightsError(
            f"{file}: not the weights of this {type(network).__name__} ({'; '.join(found)}); "
            "build the network they were saved from"
        )
    network.load_state_dict(dict(state), strict=True)


def refuse_without_values(network: nn.Module) -> None:
    """Refuse a network on torch's device ``meta``, whose tensors have shapes alone.

    Raises:
        WeightsError: which tensor, and what to do.

    """
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        if tensor.is_meta:
            raise WeightsError(
                f"'{name}' of this {type(network).__name__} is on the device 'meta', which holds "
                "no values; build the network on a CPU or GPU, and load its weights"
            )


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name.

    Raises:
        WeightsError: it cannot be read, or holds more than tensors.

    """
    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        found: Any = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{file}: not a readable file of weights ({one_line(error)})") from error
    except Exception as error:
        raise WeightsError(
            f"{file}: holds more than tensors, and is not unpickled ({one_line(error)[:200]}); "
            f"{CURE}"
        ) from error
    for name in NESTED:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping) or not found:
        raise WeightsError(f"{file}: holds no state dict; {CURE}")
    odd = sorted(str(name) for name, value in found.items() if not isinstance(value, Tensor))
    if odd:
        raise WeightsError(f"{file}: {_listed(odd)} are no tensors; {CURE}")
    return dict(found)


def unwrapped(state: Mapping[str, Tensor], own: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return ``state`` without the prefixes that wrappers put before every key.

    A prefix stays where the network ``own`` has it itself.
    """
    found = dict(state)
    while prefix := _shared_prefix(found, own):
        found = {name.removeprefix(prefix): value for name, value in found.items()}
    return found


def _shared_prefix(state: Mapping[str, Tensor], own: Mapping[str, Any]) -> str:
    if state.keys() & own.keys():
        return ""
    return next(
        (prefix for prefix in WRAPPERS if state and all(n.startswith(prefix) for n in state)), ""
    )


def find_network(target: str) -> nn.Module:
    """Return the network that ``MODULE:FACTORY`` makes, e.g. ``torchvision.models:resnet50``.

    Raises:
        ReidbenchError: the module cannot be imported, has no such factory, or it makes no network.

    """
    module, _, name = target.partition(":")
    if not module or not name:
        raise ReidbenchError(
            f"'{target}' must be MODULE:FACTORY, as in torchvision.models:resnet50"
        )
    try:
        home = import_module(module)
    except ImportError as error:
        raise ReidbenchError(
            f"'{target}': {module} cannot be imported ({one_line(error)}); install it, or set "
            "PYTHONPATH to the folder it lies in"
        ) from error
    if not callable(getattr(home, name, None)):
        close = did_you_mean(name, dir(home))
        raise ReidbenchError(f"'{target}': {module} has no factory '{name}'{close}")
    made = getattr(home, name)()
    if not isinstance(made, nn.Module):
        raise ReidbenchError(
            f"'{target}' makes a {type(made).__name__}, not a network (torch.nn.Module)"
        )
    return made


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
