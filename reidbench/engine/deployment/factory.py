"""The network that a command names: ``MODULE:FACTORY``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from torch import nn

from reidbench.errors import ReidbenchError, did_you_mean, named_line, one_line
from reidbench.interrupts import fault_of


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
    found: list[Any] = []
    error = fault_of(lambda: found.append(import_module(module)))
    if isinstance(error, ImportError):
        raise ReidbenchError(
            f"'{target}': {module} cannot be imported ({one_line(error)}); install it, or set "
            "PYTHONPATH to the folder it lies in"
        ) from error
    if error is not None:
        raise ReidbenchError(
            f"'{target}': {module} breaks when it is imported ({named_line(error)}); correct it"
        ) from error
    home = found[0]
    if not callable(getattr(home, name, None)):
        close = did_you_mean(name, dir(home))
        raise ReidbenchError(f"'{target}': {module} has no factory '{name}'{close}")
    if error := fault_of(lambda: found.append(getattr(home, name)())):
        raise ReidbenchError(
            f"'{target}' makes no network ({named_line(error)}); correct it, or name a function "
            "that needs no arguments"
        ) from error
    made = found[1]
    if not isinstance(made, nn.Module):
        raise ReidbenchError(
            f"'{target}' makes a {type(made).__name__}, not a network (torch.nn.Module)"
        )
    return made
