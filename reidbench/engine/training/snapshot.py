"""The state of a training in progress, as safetensors and JSON: taken, encoded and put back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from reidbench.engine.training.loop import Trainer

_NETWORK, _OPTIMISER = "network.", "optimiser."


class SnapshotError(ValueError):
    """A snapshot that is damaged, or not of the training that it is to be put into."""


@dataclass
class Snapshot:
    """Tensors by name, and notes that can be written as JSON."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def put(self, prefix: str, tensors: Mapping[str, Tensor]) -> None:
        """Add tensors below a prefix."""
        self.tensors.update({prefix + name: tensor for name, tensor in tensors.items()})

    def below(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors below a prefix."""
        found = {name: t for name, t in self.tensors.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix): tensor for name, tensor in found.items()}

    def encoded(self) -> bytes:
        """Return the snapshot as a safetensors file; strides and a digest are in its metadata."""
        # Copies, because safetensors refuses tensors that share memory.
        own = {name: _dense(tensor) for name, tensor in self.tensors.items()}
        strides = {name: list(t.stride()) for name, t in self.tensors.items()}
        text = json.dumps({"notes": self.notes, "strides": strides})
        return save(own, {"text": text, "sha256": _digest(own, text)})

    @staticmethod
    def decoded(data: bytes) -> Snapshot:
        """Return the snapshot that bytes hold.

        Raises:
            SnapshotError: they are damaged.
        """
        try:
            # The header: its length in eight bytes, then JSON.
            length = int.from_bytes(data[:8], "little")
            metadata = json.loads(data[8 : 8 + length])["__metadata__"]
            tensors, text = load(data), metadata["text"]
            intact = metadata["sha256"] == _digest(tensors, text)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"it cannot be read ({error})") from error
        if not intact:
            raise SnapshotError("it is not as it was written")
        document = json.loads(text)
        strided = {n: _strided(t, document["strides"][n]) for n, t in tensors.items()}
        return Snapshot(strided, document["notes"])


def _dense(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _strided(tensor: Tensor, strides: list[int]) -> Tensor:
    """Return the tensor laid out in memory as it was: layouts choose kernels, which round."""
    if list(tensor.stride()) == strides:
        return tensor
    return torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype).copy_(tensor)


def _digest(tensors: Mapping[str, Tensor], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def training_snapshot(trainer: Trainer) -> Snapshot:
    """Return the state of network and optimiser, and how far the training is.

    Batches, augmentation, rates and dropout depend on seeds and on the number of steps alone.
    """
    snapshot = Snapshot()
    snapshot.put(_NETWORK, trainer.network.state_dict())
    for name, parameter in trainer.network.named_parameters():
        state = trainer.optimiser.state.get(parameter, {})
        known = {key: value for key, value in state.items() if isinstance(value, Tensor)}
        snapshot.put(f"{_OPTIMISER}{name}/", known)
    snapshot.notes.update(done=trainer.done, images_seen=trainer.images_seen, waited=trainer.waited)
    return snapshot


def restore_training(trainer: Trainer, snapshot: Snapshot) -> None:
    """Put a snapshot's state into a trainer whose network has the same layers and widths.

    Raises:
        SnapshotError: the network is another one; nothing is changed.
    """
    fill(trainer.network, snapshot.below(_NETWORK))
    trainer.optimiser.state.clear()
    for name, parameter in trainer.network.named_parameters():
        if state := snapshot.below(f"{_OPTIMISER}{name}/"):
            # A scalar, Adam's count of steps, stays on the CPU.
            trainer.optimiser.state[parameter] = {
                key: value.to(parameter.device) if value.dim() else value
                for key, value in state.items()
            }
    trainer.skip(snapshot.notes["done"] - trainer.done)
    trainer.images_seen, trainer.waited = snapshot.notes["images_seen"], snapshot.notes["waited"]


@torch.no_grad()
def fill(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put values into a network's parameters and buffers, laid out as they were.

    Raises:
        SnapshotError: names or shapes differ; nothing is changed.
    """
    own = network.state_dict(keep_vars=True)
    odd = sorted(own.keys() ^ state.keys())
    odd += [name for name in own if name in state and own[name].shape != state[name].shape]
    if odd:
        raise SnapshotError(f"it is of another network, which differs in {odd[0]}")
    for name, tensor in own.items():
        value = state[name].to(tensor.device)
        if tensor.stride() == value.stride():
            tensor.copy_(value)
        else:
            tensor.data = value
