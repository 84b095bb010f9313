"""Compares the networks that a method reads before and after each of its calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.pruning.ranking import Ranking
from reidbench.testing.wrapping import READING, Call, wrap

Snapshot: TypeAlias = Mapping[str, Mapping[str, object]]
"""What a call must leave as it was, by kind and by the name of its module or tensor."""

_HOOKS_OF_PARAMETERS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def watch(phase: Pruning) -> list[str]:
    """Compare every network before and after each call; return a list of changes that grows."""
    changes: list[str] = []

    def around(name: str, call: Call, *arguments: Any) -> Any:
        networks: dict[str, nn.Module] = {"the network that trains": phase.prunable.network}
        if isinstance(task := arguments[-1], Ranking):
            networks["the copy that is ranked (task.network)"] = task.whole
        before = {where: snapshot(network) for where, network in networks.items()}
        images = [pair[0].clone() for pair in phase.prunable.calibration]
        answer = call(*arguments)
        for where, network in networks.items():
            if change := difference(before[where], snapshot(network)):
                changes.append(f"{name}() changed {change} of {where}")
        if not all(map(torch.equal, images, (pair[0] for pair in phase.prunable.calibration))):
            changes.append(f"{name}() changed the calibration images in place")
        return answer

    wrap(phase.method, READING, around)
    return changes


def snapshot(network: nn.Module) -> Snapshot:
    """Return everything of a network that reading it must not change."""
    parameters, modules = dict(network.named_parameters()), dict(network.named_modules())
    return {
        "the values": {name: tensor.clone() for name, tensor in network.state_dict().items()},
        "the gradient": {
            name: None if p.grad is None else p.grad.clone() for name, p in parameters.items()
        },
        "requires_grad": {name: p.requires_grad for name, p in parameters.items()},
        "the training mode": {name: module.training for name, module in modules.items()},
        "the hooks": {
            **{name: _hooks_of_module(module) for name, module in modules.items()},
            **{name: _hooks_of_parameter(p) for name, p in parameters.items()},
        },
        # What runs when a module is called: its class, unless it has a function of its own.
        "the forward()": {
            name: (type(module), vars(module).get("forward")) for name, module in modules.items()
        },
    }


def difference(before: Snapshot, after: Snapshot) -> str:
    """Return the first change, e.g. ``the values of 'conv1.weight'``; empty if none."""
    for kind, values in before.items():
        for name in {**values, **after[kind]}:
            if not _equal(values.get(name), after[kind].get(name)):
                return f"{kind} of '{name or 'the whole'}'"
    return ""


def _hooks_of_module(module: nn.Module) -> tuple[object, ...]:
    hooks = {kind: value for kind, value in vars(module).items() if "_hooks" in kind}
    return tuple((kind, *value) for kind, value in hooks.items() if isinstance(value, dict))


def _hooks_of_parameter(parameter: nn.Parameter) -> tuple[object, ...]:
    return tuple(tuple(getattr(parameter, kind) or ()) for kind in _HOOKS_OF_PARAMETERS)


def _equal(one: object, other: object) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    return type(one) is type(other) and one == other
