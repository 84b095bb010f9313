"""A method's own state between steps: taken where that can be done exactly, and put back."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reidbench.api.method import Method
from reidbench.engine.training.snapshot import Snapshot

_STATE = "method"
_PLAIN = (bool, int, float, str, type(None))


class _NotKeptError(Exception):
    """Something that cannot be written as JSON and tensors and come back as it was."""


def initial_attributes(method: Method) -> dict[str, Any]:
    """Return the attributes of a method that was just made, to be compared with later ones."""
    return dict(vars(method))


def keep_method(
    snapshot: Snapshot, method: Method, initial: Mapping[str, Any], network: nn.Module
) -> bool:
    """Add a method's attributes to a snapshot; return False where they cannot be kept exactly.

    Kept are numbers, texts, tensors of their own memory, and lists, tuples and dicts of these.
    """
    memory = {t.untyped_storage().data_ptr() for t in network.state_dict().values()}
    writer = _Writer(snapshot, memory)
    try:
        # What the constructor has left and nobody can have changed comes back with a new instance.
        attributes = {
            name: writer.described(value, name)
            for name, value in vars(method).items()
            if not (name in initial and value is initial[name] and _is_constant(value))
        }
    except _NotKeptError:
        return False
    snapshot.notes[_STATE] = attributes
    return not any(map(_has_hooks, network.modules()))


def restore_method(snapshot: Snapshot, method: Method) -> None:
    """Give a method that was just made the attributes of a snapshot."""
    for name, described in snapshot.notes[_STATE].items():
        setattr(method, name, _restored(described, snapshot))


def keep_random(snapshot: Snapshot) -> None:
    """Add the states of the global generators, from which a method may draw."""
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    snapshot.tensors["random.torch"] = torch.get_rng_state()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        for index, state in enumerate(torch.cuda.get_rng_state_all()):
            snapshot.tensors[f"random.cuda.{index}"] = state
    version, numbers, after = random.getstate()
    snapshot.notes["random"] = {
        "python": [version, list(numbers), after],
        "numpy": [kind, [int(key) for key in keys], position, has_gauss, gauss],
    }


def restore_random(snapshot: Snapshot) -> None:
    """Put the global generators into the states of a snapshot."""
    torch.set_rng_state(snapshot.tensors["random.torch"])
    for index, state in snapshot.below("random.cuda.").items():
        torch.cuda.set_rng_state(state, int(index))
    version, numbers, after = snapshot.notes["random"]["python"]
    random.setstate((version, tuple(numbers), after))
    kind, keys, position, has_gauss, gauss = snapshot.notes["random"]["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), position, has_gauss, gauss))


def _is_constant(value: object) -> bool:
    """Return whether a value cannot change; of what a constructor computed, functions too."""
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return isinstance(value, _PLAIN) or (callable(value) and hasattr(value, "__code__"))


def _has_hooks(module: nn.Module) -> bool:
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(module, name) for name in hooks)


class _Writer:
    """Describes values in JSON and puts their tensors into a snapshot."""

    def __init__(self, snapshot: Snapshot, memory: Iterable[int]) -> None:
        self._snapshot, self._memory = snapshot, set(memory)

    def described(self, value: object, where: str) -> Any:
        if type(value) in _PLAIN:
            return value
        if type(value) is Tensor:
            return {"tensor": self._own(value, where)}
        if type(value) in (list, tuple):
            items = [self.described(one, f"{where}/{i}") for i, one in enumerate(value)]  # type: ignore[arg-type, var-annotated]
            return {type(value).__name__: items}
        if type(value) is dict and all(type(name) is str for name in value):
            return {"dict": {n: self.described(one, f"{where}/{n}") for n, one in value.items()}}
        raise _NotKeptError(where)

    def _own(self, tensor: Tensor, where: str) -> str:
        place = tensor.untyped_storage().data_ptr()
        # One that shares memory would come back alone; one with a history, without it.
        if tensor.requires_grad or (tensor.numel() and place in self._memory):
            raise _NotKeptError(where)
        self._memory.add(place)
        name = f"{_STATE}/{where}"
        self._snapshot.tensors[name] = tensor
        self._snapshot.notes.setdefault("devices", {})[name] = str(tensor.device)
        return name


def _restored(described: Any, snapshot: Snapshot) -> Any:
    if not isinstance(described, dict):
        return described
    ((kind, content),) = described.items()
    if kind == "tensor":
        return snapshot.tensors[content].to(snapshot.notes["devices"][content])
    if kind == "dict":
        return {name: _restored(one, snapshot) for name, one in content.items()}
    items = [_restored(one, snapshot) for one in content]
    return tuple(items) if kind == "tuple" else items
