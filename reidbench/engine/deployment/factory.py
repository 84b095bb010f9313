"""The network that a command names: ``MODULE:FACTORY``."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from torch import nn

from reidbench.errors import ReidbenchError, did_you_mean, named_line, one_line
from reidbench.interrupts import returned


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

    def unimported(error: BaseException) -> ReidbenchError:
        if isinstance(error, ImportError):
            return ReidbenchError(
                f"'{target}': {module} cannot be imported ({one_line(error)}); install it, or set "
                "PYTHONPATH to the folder it lies in"
            )
        return ReidbenchError(
            f"'{target}': {module} breaks when it is imported ({named_line(error)}); correct it"
        )

    def unmade(error: BaseException) -> ReidbenchError:
        return ReidbenchError(
            f"'{target}' makes no network ({named_line(error)}); correct it, or name a function "
            "that needs no arguments"
        )

    home = returned(partial(import_module, module), unimported)
    if not callable(getattr(home, name, None)):
        close = did_you_mean(name, dir(home))
        raise ReidbenchError(f"'{target}': {module} has no factory '{name}'{close}")
    made = returned(getattr(home, name), unmade)
    if not isinstance(made, nn.Module):
        raise ReidbenchError(
            f"'{target}' makes a {type(made).__name__}, not a network (torch.nn.Module)"
        )
    return made
