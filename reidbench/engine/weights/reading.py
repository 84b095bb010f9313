"""Reads the tensors of a file, and never runs code from it."""

from __future__ import annotations

import logging
import pickle
import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from reidbench.errors import WeightsError, named_line

NESTED = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
"""Where training scripts keep the weights inside a checkpoint, the first one found."""
AVERAGED = ("state_dict_ema", "model_ema", "ema")
"""Where they keep a moving average of the weights, which is not what is loaded."""
CURE = "save network.state_dict() alone"
_log = logging.getLogger(__name__)


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, or of what ``torch.save`` wrote, by name.

    They may be inside a checkpoint, beside an optimiser and numbers, NumPy's too.

    Raises:
        WeightsError: it cannot be read, would run code to be read, or holds no tensors by name.

    """
    held: Any = _read(file)
    while not _is_state(held):
        inner = next((held[name] for name in NESTED if _holds(held, name)), None)
        if inner is None:
            raise WeightsError(_no_state(file, held))
        if others := [name for name in AVERAGED if _holds(held, name)]:
            _log.warning("%s: holds %s too, which is not loaded", file, ", ".join(others))
        held = inner
    return dict(held)


def _holds(held: Any, name: str) -> bool:
    return isinstance(held, Mapping) and isinstance(held.get(name), Mapping) and bool(held[name])


def _is_state(held: Any) -> bool:
    return isinstance(held, Mapping) and all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in held.items()
    )


def _no_state(file: Path, held: Any) -> str:
    expected = f"expected names and tensors, or these under {', '.join(NESTED)}"
    items = held.items() if isinstance(held, Mapping) else ()
    odd = sorted(str(name) for name, value in items if not isinstance(value, Tensor))
    found = f"{listed(odd)} are no tensors; " if odd else ""
    return f"{file} holds no state dict; {expected}; {found}{CURE}"


def _read(file: Path) -> object:
    if not file.is_file():
        raise WeightsError(f"{file} is no file; give the path of a file of weights")
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        with torch.serialization.safe_globals(_harmless()):
            return torch.load(file, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise WeightsError(f"{file} may not be read; give yourself the right to") from error
    except pickle.UnpicklingError as error:
        _refuse(file, error)
    except SafetensorError as error:
        raise WeightsError(f"{file} is no whole safetensors file ({error})") from error
    # A damaged pickle can raise nearly anything: EOFError, KeyError, OSError, RuntimeError, ...
    except Exception as error:
        raise WeightsError(
            f"{file} is damaged or no file of weights ({named_line(error)[:200]}); download it "
            "again"
        ) from error


@cache
def _harmless() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """Return what else may stand in a checkpoint: NumPy's scalars, and a script's arguments.

    A scalar is made of bytes of a fixed size, and a namespace of attributes: no code is run.
    """
    scalar: Callable[..., Any] = np.float64(0).__reduce__()[0]  # type: ignore[assignment]
    # NumPy 1 and 2 keep it in different modules, and files of both are around.
    names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    kinds = {type(np.dtype(kind)) for kind in "?bBhHiIlLqQefdg"}
    return [*((scalar, name) for name in names), np.dtype, *kinds, Namespace]


def _refuse(file: Path, error: pickle.UnpicklingError) -> NoReturn:
    """Report why torch refuses a pickle; its own message explains how to run the code in it."""
    if found := re.search(r"GLOBAL (\S+)", str(error)):
        raise WeightsError(
            f"{file} holds more than tensors ({found[1]}), and reading that could run code; load "
            f"it where you trust it and {CURE}"
        ) from error
    raise WeightsError(f"{file} is damaged or no file of weights; download it again") from error


def listed(names: list[str], shown: int = 3) -> str:
    """Return names for a sentence, the first few of many."""
    more = f", and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
