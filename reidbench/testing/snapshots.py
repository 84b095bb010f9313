"""Watches the networks that a method looks at: it must leave each as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.pruning.ranking import Ranking
from reidbench.testing.wrapping import Call, wrap

LOOKING = ("prepare", "scores", "refit", "penalty", "after_step", "pruned_share")
"""What the harness calls of a method that may look at networks, and must leave them as they are."""

_OF_PARAMETERS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def watch(phase: Pruning) -> list[str]:
    """Compare every network before and after each call; return a list of changes that grows."""
    changes: list[str] = []
    for name in LOOKING:
        wrap(phase.method, name, _watching(name, phase, changes))
    return changes


def _watching(name: str, phase: Pruning, changes: list[str]) -> Call:
    """Return a wrapper that compares what the method could see before and after a call."""

    def around(call: Call, *arguments: Any) -> Any:
        seen = dict(_networks(phase, arguments[-1]))
        before = {where: Snapshot.of(network) for where, network in seen.items()}
        images = [pair[0].clone() for pair in phase.prunable.calibration]
        answer = call(*arguments)
        for where, network in seen.items():
            if change := before[where].change(Snapshot.of(network)):
                changes.append(f"{name}() changed {change} of {where}")
        if not all(map(torch.equal, images, (pair[0] for pair in phase.prunable.calibration))):
            changes.append(f"{name}() changed the calibration images in place")
        return answer

    return around


def _networks(phase: Pruning, task: object) -> Iterator[tuple[str, nn.Module]]:
    yield "the network that trains", phase.prunable.network
    if isinstance(task, Ranking):
        yield "the copy that is ranked (task.network)", task.whole


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything of a network that a look at it must not change."""

    tensors: dict[str, Tensor]
    gradients: dict[str, Tensor | None]
    learning: dict[str, bool]
    modes: dict[str, bool]
    hooks: dict[str, tuple[object, ...]]
    forward: dict[str, tuple[object, ...]]

    @classmethod
    def of(cls, network: nn.Module) -> Snapshot:
        """Take a snapshot."""
        slopes = {name: p.grad for name, p in network.named_parameters()}
        return cls(
            {name: tensor.clone() for name, tensor in network.state_dict().items()},
            {name: None if slope is None else slope.clone() for name, slope in slopes.items()},
            {name: p.requires_grad for name, p in network.named_parameters()},
            {name: module.training for name, module in network.named_modules()},
            {
                **{name: _hooks_of_module(module) for name, module in network.named_modules()},
                **{name: _hooks_of_parameter(p) for name, p in network.named_parameters()},
            },
            {name: _forward(module) for name, module in network.named_modules()},
        )

    def change(self, after: Snapshot) -> str:
        """Return the first difference, e.g. ``the weights 'conv1.weight'``; empty if none."""
        for what, mine, theirs in (
            ("the values", self.tensors, after.tensors),
            ("the gradient", self.gradients, after.gradients),
            ("requires_grad", self.learning, after.learning),
            ("the training mode", self.modes, after.modes),
            ("the hooks", self.hooks, after.hooks),
            ("the forward()", self.forward, after.forward),
        ):
            for name in mine.keys() | theirs.keys():
                if not _equal(mine.get(name), theirs.get(name)):
                    return f"{what} of '{name or 'the whole'}'"
        return ""


def _hooks_of_module(module: nn.Module) -> tuple[object, ...]:
    held = {kind: hooks for kind, hooks in vars(module).items() if "_hooks" in kind}
    return tuple((kind, *hooks) for kind, hooks in held.items() if isinstance(hooks, dict))


def _hooks_of_parameter(parameter: nn.Parameter) -> tuple[object, ...]:
    return tuple(tuple(getattr(parameter, kind) or ()) for kind in _OF_PARAMETERS)


def _forward(module: nn.Module) -> tuple[object, ...]:
    """Return what runs when a module is called: its class, unless it has a function of its own."""
    return type(module), vars(module).get("forward")


def _equal(one: object, other: object) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    return type(one) is type(other) and one == other
