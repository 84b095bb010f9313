"""Loads tensors into a network: all that it has, or none; what is left out is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

from reidbench.engine.weights.layouts import classifier_of, unwrapped, without_heads
from reidbench.engine.weights.reading import listed, read_weights
from reidbench.errors import WeightsError

# Files from before torch 0.4.1 have none, and no norm with a momentum reads it.
NOT_NEEDED = ".num_batches_tracked"
Convert = Callable[[dict[str, Tensor]], dict[str, Tensor]]
_log = logging.getLogger(__name__)


def load_backbone(
    network: nn.Module,
    file: Path,
    *,
    name: str,
    classifier: str | tuple[str, ...] = "",
    format: str = "",
    convert: Convert | None = None,
) -> Tensor | None:
    """Load a file into a network, in place, all of it or none; see ``reidbench.api.weights``.

    Raises:
        WeightsError: nothing is loaded then.

    """
    refuse_without_values(network)
    state = read_weights(file)
    own = network.state_dict()
    if convert is not None:
        state = convert(unwrapped(state, own))
    kept, left_out = without_heads(unwrapped(state, own), own, classifier)
    remedy = (
        f"give a file in the format of {format}"
        if format
        else "give a file of its own weights, or build the network that the file is of"
    )
    _load(network, kept, file, name, remedy)
    if left_out:
        _log.warning("%s: left out %s, which %s does not have", file, listed([*left_out]), name)
    return classifier_of(left_out)


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


def _load(
    network: nn.Module, state: Mapping[str, Tensor], file: Path, name: str, remedy: str
) -> None:
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
    if found := [f"{len(k)} {kind} ({listed(k)})" for kind, k in problems.items() if k]:
        raise WeightsError(f"{file} does not hold weights of {name}: {'; '.join(found)}; {remedy}")
    network.load_state_dict(dict(state), strict=False)


def _shape(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a number"
