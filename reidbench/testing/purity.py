"""Checks that a method only looks, and that all its randomness comes from the trial's seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reidbench.pruning.phase import Pruning
from reidbench.pruning.ranking import Ranking
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import CheckFailed, trying
from reidbench.testing.ground import TINY
from reidbench.testing.trace import Call, run, wrap

LOOKING = ("prepare", "scores", "refit", "penalty", "after_step")
"""What the harness calls of a method that may look at networks, and must leave them as they are."""

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def leaves_the_network_untouched(candidate: Candidate) -> None:
    """Run the whole phase, and compare every network before and after each call of the method."""
    candidate.finished()
    phase = candidate.begin(TINY, candidate.reduction)
    for name in LOOKING:
        wrap(phase.method, name, _watching(candidate.name, name, phase))
    with trying(candidate.name, f"in a prune phase to {candidate.reduction:g} of {TINY}"):
        run(phase)


def deterministic(candidate: Candidate) -> None:
    """Run the whole phase again with other global random states, and compare bit for bit."""
    first = candidate.finished()
    phase = candidate.begin(TINY, candidate.reduction)
    with trying(candidate.name, "in its second run"):
        second = run(phase, state=12345)
    if difference := first.difference(second):
        raise CheckFailed(
            f"method '{candidate.name}' {difference} when a prune phase of {TINY} ran again with "
            "the same seed; equal seeds must give equal bits: draw from task.generator alone, and "
            "keep nothing outside the instance"
        )


def _watching(method: str, name: str, phase: Pruning) -> Call:
    """Return a wrapper that compares what the method could see before and after a call."""

    def around(call: Call, *arguments: Any) -> Any:
        task = arguments[-1]
        seen = dict(_networks(phase, task))
        before = {where: Snapshot.of(network) for where, network in seen.items()}
        images = [pair[0].clone() for pair in phase.subject.calibration]
        answer = call(*arguments)
        for where, network in seen.items():
            if change := before[where].change(Snapshot.of(network)):
                raise CheckFailed(
                    f"method '{method}': {name}() changed {change} of {where}; a method only "
                    "looks, so work on a copy (tensor.clone(), copy.deepcopy(task.network)) and "
                    "leave modes, hooks and gradients as they were"
                )
        if not all(map(torch.equal, images, (pair[0] for pair in phase.subject.calibration))):
            raise CheckFailed(
                f"method '{method}': {name}() changed the calibration images in place; every "
                "ranking must see the same ones: work on a copy"
            )
        return answer

    return around


def _networks(phase: Pruning, task: object) -> Iterator[tuple[str, nn.Module]]:
    yield "the network that trains", phase.subject.network
    if isinstance(task, Ranking):
        yield "the copy that is ranked (task.network)", task.whole


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything of a network that a look at it must not change."""

    tensors: dict[str, Tensor]
    gradients: dict[str, Tensor | None]
    learning: dict[str, bool]
    modes: dict[str, bool]
    hooks: dict[str, tuple[int, ...]]

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
                name: tuple(len(getattr(module, kind)) for kind in _HOOKS)
                for name, module in network.named_modules()
            },
        )

    def change(self, after: Snapshot) -> str:
        """Return the first difference, e.g. ``the weights 'conv1.weight'``; empty if none."""
        for what, mine, theirs in (
            ("the values", self.tensors, after.tensors),
            ("the gradient", self.gradients, after.gradients),
            ("requires_grad", self.learning, after.learning),
            ("the training mode", self.modes, after.modes),
            ("the hooks", self.hooks, after.hooks),
        ):
            for name in mine.keys() | theirs.keys():
                if not _equal(mine.get(name), theirs.get(name)):
                    return f"{what} of '{name or 'the whole'}'"
        return ""


def _equal(one: object, other: object) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    return type(one) is type(other) and one == other
