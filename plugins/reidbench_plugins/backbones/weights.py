"""Published ImageNet weights: download, and loading of a file into a backbone."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, hub, nn

from reidbench.api import WeightsError

NAMED = 3  # keys of each kind that an error names
# Files from before torch 0.4.1 have none, and no norm with a momentum reads it.
NOT_NEEDED = ".num_batches_tracked"


@dataclass(frozen=True, kw_only=True)
class Published:
    """Weights of one backbone that its publisher trained on ImageNet-1k.

    Attributes:
        backbone: the backbone's name.
        classifier: the prefix of the classifier's keys, which no backbone has.
        address: where the file is; its name ends in the first digits of its SHA-256.
        by_hand: the address needs a browser, and has no such name.
        also: other words that the backbone's loader knows, for an error to name.
    """

    backbone: str
    classifier: str
    address: str
    by_hand: bool = False
    also: tuple[str, ...] = ()

    def load(self, network: nn.Module, weights: str | Path) -> Tensor | None:
        """Load into ``network``, in place, the published weights or a file in their format.

        ``weights`` is the word ``imagenet``, which downloads them once and checks the hash in the
        file's name, or the path of a PyTorch or ``.safetensors`` file: a state dict, or one under
        ``state_dict``, with or without ``module.`` before its keys. The classifier's keys are
        left out; all others must be the network's, to the last shape. Returns the classifier's
        weight (classes, d), None if the file has no single one.

        Raises:
            WeightsError: nothing is loaded then.
        """
        if isinstance(weights, Path):
            file = weights
        elif weights == "imagenet":
            file = self._downloaded()
        else:
            words = ", ".join(f"'{word}'" for word in ("imagenet", *self.also))
            raise WeightsError(
                f"{self.backbone} has no published weights called '{weights}'; use {words}, or "
                "the path of a file"
            )
        whole = _state(file)
        state = {k: t for k, t in whole.items() if not k.startswith(self.classifier)}
        self._check(network, state, file)
        network.load_state_dict(state, strict=False)
        weights_of = [t for k, t in whole.items() if k not in state and t.ndim == 2]
        return weights_of[0] if len(weights_of) == 1 else None

    def _downloaded(self) -> Path:
        """Return the published file in torch's own cache, where torchvision finds it too."""
        if self.by_hand:
            raise WeightsError(
                f"{self.backbone}'s ImageNet weights cannot be downloaded by a program; download "
                f"them from {self.address} and give the path of the file instead of 'imagenet'"
            )
        name = self.address.rpartition("/")[2]
        file = Path(hub.get_dir()) / "checkpoints" / name
        start = name.rpartition("-")[2].partition(".")[0]
        try:
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                hub.download_url_to_file(self.address, str(file), start, progress=False)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        # torch raises a RuntimeError for a download whose hash is another.
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"{self.backbone}'s ImageNet weights cannot be downloaded ({error}); download "
                f"{self.address} elsewhere and give the path of the file instead of 'imagenet'"
            ) from error
        if not digest.startswith(start):
            raise WeightsError(
                f"{file} is not the file that was published at {self.address}: its SHA-256 begins "
                f"with {digest[: len(start)]}; delete it, to have it downloaded again"
            )
        return file

    def _check(self, network: nn.Module, state: Mapping[str, Tensor], file: Path) -> None:
        own = network.state_dict()
        problems = {
            "missing": [k for k in own if k not in state and not k.endswith(NOT_NEEDED)],
            "not its own": [k for k in state if k not in own],
            "of another shape": [
                f"{k} {_shape(state[k])} for {_shape(own[k])}"
                for k in own
                if k in state and state[k].shape != own[k].shape
            ],
        }
        if found := [_counted(keys, kind) for kind, keys in problems.items() if keys]:
            raise WeightsError(
                f"{file} does not hold weights of {self.backbone}: {'; '.join(found)}; give a "
                f"file in the format of {self.address}"
            )


def _read(file: Path) -> object:
    """Return what a file holds, never running code from it; raise ``WeightsError``."""
    if not file.is_file():
        raise WeightsError(f"{file} is no file; give the path of a file of weights")
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
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
            f"{file} is damaged or no file of weights ({_first_line(error)}); download it again"
        ) from error


def _refuse(file: Path, error: pickle.UnpicklingError) -> NoReturn:
    """Report why torch refuses a pickle; its own message explains how to run the code in it."""
    if found := re.search(r"GLOBAL (\S+)", str(error)):
        raise WeightsError(
            f"{file} holds more than tensors ({found[1]}), and reading that could run code; load "
            "it where you trust it and save its state dict alone"
        ) from error
    raise WeightsError(f"{file} is damaged or no file of weights; download it again") from error


def _state(file: Path) -> dict[str, Tensor]:
    held: Any = _read(file)
    if isinstance(held, Mapping) and isinstance(held.get("state_dict"), Mapping):
        held = held["state_dict"]
    if not isinstance(held, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in held.items()
    ):
        raise WeightsError(
            f"{file} holds no state dict; expected names and tensors, or these under 'state_dict'"
        )
    return {key.removeprefix("module."): value for key, value in held.items()}


def _counted(keys: Sequence[str], kind: str) -> str:
    more = f", and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return f"{len(keys)} {kind} ({', '.join(keys[:NAMED])}{more})"


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a number"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
