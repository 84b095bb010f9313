"""Wraps the calls that the harness makes of a method, and records what they give and change."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from reidbench.api.method import Method
from reidbench.engine.channels import GroupView
from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.pruning.ranking import Ranking
from reidbench.engine.pruning.torch_settings import TorchSettings
from reidbench.engine.pruning.training_hooks import TrainingHooks
from reidbench.engine.training.seeds import isolated
from reidbench.testing.handed_out import HandedOut, remembering

Call = Callable[..., Any]

READING = ("prepare", "scores", "refit", "penalty", "after_step", "pruned_share")
"""The calls in which a method may look at networks, and must leave them as they are."""


def wrap(method: Method, names: Iterable[str], around: Call) -> None:
    """Have calls of an instance go through ``around(name, call, *arguments)``.

    Its class stays as it is: the harness looks there for the methods that the author wrote.
    """
    for name in names:
        setattr(method, name, partial(around, name, getattr(method, name)))


@contextmanager
def restored(changes: list[str], what: str) -> Iterator[None]:
    """Restore torch's settings after the block, and note as a clause what ``what`` changed."""
    before = TorchSettings.capture()
    try:
        yield
    finally:
        changes.extend(f"{what} changed {name}" for name in before.changes())
        before.restore()


def guard(method: Method, changes: list[str]) -> None:
    """Restore torch's settings after each call of a method, and note what each one changed."""

    def around(name: str, call: Call, *arguments: Any) -> Any:
        with restored(changes, f"{name}()"):
            return call(*arguments)

    wrap(method, (*READING, "prune"), around)


@dataclass(frozen=True, eq=False)
class Trace:
    """The results of a prune phase.

    Attributes:
        scores: the scores of each group, in the order in which they were asked for.
        kept: the channels that stayed, by group.
        weights: the final network's parameters and buffers.
        achieved: the reduction of MACs.
        steps: optimiser steps of the phase.
        steps_left: those that were not spent.
        settings: what each call changed of torch's settings, as clauses.
    """

    scores: list[tuple[str, Tensor]]
    kept: dict[str, tuple[int, ...]]
    weights: dict[str, Tensor]
    achieved: float
    steps: int
    steps_left: int
    settings: list[str]

    def difference(self, other: Trace) -> str:
        """Return the first difference of another run, as a clause; empty if there is none."""
        for (name, mine), (theirs, values) in zip(self.scores, other.scores, strict=False):
            if name != theirs or not same(mine, values):
                return f"gave other scores for '{name}'"
        if len(self.scores) != len(other.scores):
            return f"asked for {len(self.scores)} rankings of groups, then for {len(other.scores)}"
        for name, channels in self.kept.items():
            if channels != other.kept[name]:
                return f"kept other channels of '{name}'"
        for name, tensor in self.weights.items():
            if not same(tensor, other.weights[name]):
                return f"left other weights in '{name}'"
        return ""


def run(phase: Pruning, *, state: int = 0) -> Trace:
    """Spend the phase by the record's own strategy; ``state`` seeds all global generators."""
    scores: list[tuple[str, Tensor]] = []

    def noting(name: str, call: Call, group: Any, task: Any) -> Any:
        values = call(group, task)
        if isinstance(values, Tensor):
            scores.append((group.name, values.detach().clone()))
        return values

    wrap(phase.method, ["scores"], noting)
    settings: list[str] = []
    guard(phase.method, settings)
    with isolated(state):
        phase.run()
    return Trace(
        scores,
        dict(phase.prunable.plan.kept),
        {name: tensor.clone() for name, tensor in phase.prunable.network.state_dict().items()},
        phase.achieved,
        phase.steps,
        phase.steps_left,
        settings,
    )


def same(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors are equal bit for bit, NaN included."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return one.cpu().numpy().tobytes() == other.cpu().numpy().tobytes()


Snapshot: TypeAlias = Mapping[str, Mapping[str, object]]
"""What a call must leave as it was, by kind and by the name of its module or tensor."""

_HOOKS_OF_PARAMETERS = ("_backward_hooks", "_post_accumulate_grad_hooks")


@dataclass(frozen=True)
class Misdeeds:
    """What the calls of a method did and may not do, as clauses; the lists grow as it runs.

    Attributes:
        changes: of networks, of images, and of tensors that it was handed.
        draws: of random numbers from generators that are not the task's.
    """

    changes: list[str] = field(default_factory=list)
    draws: list[str] = field(default_factory=list)


def watch(phase: Pruning) -> Misdeeds:
    """Compare networks, tensors and global generators before and after each call of the method."""
    seen = Misdeeds()

    def around(name: str, call: Call, *arguments: Any) -> Any:
        networks: dict[str, nn.Module] = {"the network that trains": phase.prunable.network}
        if isinstance(task := arguments[-1], Ranking):
            networks["the copy that is ranked (task.network)"] = task.whole
        before = {where: snapshot(network) for where, network in networks.items()}
        images = [pair[0].clone() for pair in phase.prunable.calibration]
        generators, given = global_generators(), HandedOut()
        answer = call(*_handing_out(arguments, given))
        for where, network in networks.items():
            if change := difference(before[where], snapshot(network)):
                seen.changes.append(f"{name}() changed {change} of {where}")
        if not all(map(torch.equal, images, (pair[0] for pair in phase.prunable.calibration))):
            seen.changes.append(f"{name}() changed the calibration images in place")
        if written := given.written():
            seen.changes.append(f"{name}() wrote to {written}, of which the network keeps nothing")
        moved = [
            whose for whose, state in global_generators().items() if state != generators[whose]
        ]
        seen.draws.extend(f"{name}() drew from {whose}" for whose in moved)
        return answer

    wrap(phase.method, READING, around)
    return seen


def _handing_out(arguments: tuple[Any, ...], given: HandedOut) -> tuple[Any, ...]:
    """Return the arguments of a call, with views that note what they hand out."""
    return tuple(_noting(argument, given) for argument in arguments)


def _noting(argument: Any, given: HandedOut) -> Any:
    if isinstance(argument, GroupView):
        return remembering(argument, given)
    if isinstance(argument, Ranking | TrainingHooks):
        groups = tuple(remembering(view, given) for view in argument.groups)
        return replace(argument, groups=groups)
    return argument


def global_generators() -> dict[str, object]:
    """Return the states of the generators of the process, by whose they are."""
    kind, keys, *rest = np.random.get_state()
    return {
        "torch's global generator": torch.get_rng_state().numpy().tobytes(),
        "NumPy's global generator": (kind, np.asarray(keys).tobytes(), *rest),
        "Python's global generator (random)": random.getstate(),
    }


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
            **{
                name: tuple(tuple(getattr(p, kind) or ()) for kind in _HOOKS_OF_PARAMETERS)
                for name, p in parameters.items()
            },
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


def _equal(one: object, other: object) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    return type(one) is type(other) and one == other
