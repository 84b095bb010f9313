"""Training steps and prune phases on given tensors: small enough to check by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from reidbench.api import Method, Scores
from tests.builtin_plugins.methods.fakes import FakeGroup, FakeTask


@dataclass
class FakeStep:
    """A training step in which each group would lose the ``share`` of its lowest scores."""

    groups: Sequence[FakeGroup]
    progress: float = 1.0
    share: float = 0.5
    steps: int = 10
    done: int = 0
    asked: list[Scores] = field(default_factory=list)

    def leaving(self, scores: Scores) -> dict[str, Tensor]:
        self.asked.append(scores)
        assert not any(values.requires_grad for values in scores.values())
        return {name: lowest(values, self.share) for name, values in scores.items()}


def lowest(scores: Tensor, share: float) -> Tensor:
    """Return which channels are the ``share`` of the lowest scores; one stays at least."""
    count = min(round(share * len(scores)), len(scores) - 1)
    gone = torch.zeros(len(scores), dtype=torch.bool)
    gone[scores.argsort(stable=True)[:count]] = True
    return gone


def penalty_gradients(method: Method, step: FakeStep, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return what the method's penalty adds to the gradients of leaf ``tensors``."""
    penalty = method.penalty(step)
    assert penalty is not None
    assert penalty.shape == ()
    assert penalty.isfinite()
    found = torch.autograd.grad(penalty, tensors, allow_unused=True)
    return [
        torch.zeros_like(tensor) if slope is None else slope
        for tensor, slope in zip(tensors, found, strict=True)
    ]


def leaf(*shape: int, seed: int = 0) -> Tensor:
    """Return random live parameters in float64."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=random, dtype=torch.float64).requires_grad_()


@dataclass
class FakePhase:
    """A prune phase of one layer whose MACs are its channels; it trains by plain descent.

    The loss is ½‖W - W_0‖² and the method's penalty, and what ``loss()`` says is ``measured`` of
    this phase. Every call is noted in ``log``; a broken contract is an assertion.
    """

    method: Method
    reduction: float
    steps: int
    active: float = 0.5
    channels: int = 40
    measured: Callable[[FakePhase], float] = lambda phase: 1.0
    log: list[tuple[str, float]] = field(default_factory=list)
    spent: int = 0
    passes: int = 0

    def __post_init__(self) -> None:
        self.weight = leaf(self.channels, 3, seed=5)
        self.goal = self.weight.detach().clone()

    @property
    def achieved(self) -> float:
        return 1 - len(self.weight) / self.channels

    @property
    def steps_left(self) -> int:
        return self.steps - self.spent

    @property
    def active_steps(self) -> int:
        return round(self.active * self.steps)

    @property
    def met(self) -> bool:
        """Whether the layer has the target's width."""
        return len(self.weight) == self._width(self.reduction)

    def rounds(self, count: int) -> list[tuple[float, int]]:
        marks = [self.active_steps * done // count for done in range(count + 1)]
        return [(at / count, marks[at] - marks[at - 1]) for at in range(1, count + 1)]

    def rank(self) -> Scores:
        group = FakeGroup(self.weight.detach())
        gradient = (self.weight - self.goal).detach() + 0.01
        task = _CountingTask([group], weight_slopes={"conv": gradient.expand(4, -1, -1)})
        self.method.prepare(task)
        scores = {"conv": self.method.scores(group, task)}
        self.passes += task.passes
        assert scores["conv"].shape == (len(self.weight),)
        assert scores["conv"].isfinite().all()
        return scores

    def cut(self, reduction: float, scores: Scores | None = None) -> Scores:
        kept = self._kept(reduction, scores)
        self.log.append(("cut", reduction))
        self.weight = self.weight.detach()[kept].requires_grad_()
        self.goal = self.goal[kept]
        return {"conv": kept}

    def soften(self, reduction: float, scores: Scores | None = None) -> Scores:
        kept = self._kept(reduction, scores)
        self.log.append(("soften", reduction))
        gone = torch.ones(len(self.weight), dtype=torch.bool).index_fill(0, kept, False)
        with torch.no_grad():
            self.weight[gone] *= self.method.soft_factor
        return {"conv": gone}

    def loss(self) -> float:
        return self.measured(self)

    def train(self, steps: int) -> None:
        assert 0 <= steps <= self.steps_left, f"{steps} steps of {self.steps_left}"
        self.log.append(("train", steps))
        for _ in range(steps):
            self._step()
            self.spent += 1

    def noted(self, call: str) -> Iterator[float]:
        """Iterate over the arguments of one kind of call."""
        return (value for name, value in self.log if name == call)

    def _step(self) -> None:
        group = FakeGroup(self.weight, norm_scale=self.weight[:, 0].abs())
        progress = min(1.0, (self.spent + 1) / max(1, self.active_steps))
        step = FakeStep([group], progress, self.reduction, self.active_steps, self.spent)
        loss = ((self.weight - self.goal) ** 2).sum() / 2
        penalty = None if self.met else self.method.penalty(step)
        (slope,) = torch.autograd.grad(loss if penalty is None else loss + penalty, self.weight)
        if not self.met:
            group.gradient = slope
            self.method.after_step(step)
        with torch.no_grad():
            self.weight -= 0.1 * slope

    def _width(self, reduction: float) -> int:
        return max(1, round((1 - reduction) * self.channels))

    def _kept(self, reduction: float, scores: Scores | None) -> Tensor:
        assert -1e-9 <= reduction <= max(self.reduction, self.achieved) + 1e-9
        order = (self.rank() if scores is None else scores)["conv"].argsort(stable=True)
        assert len(order) == len(self.weight), "scores of channels that have gone"
        width = min(self._width(reduction), len(self.weight))
        return order[len(order) - width :].sort().values


@dataclass
class _CountingTask(FakeTask):
    """A ranking task that counts its passes over the images' gradients."""

    passes: int = 0

    def mean_over_gradients(self, statistic, *, per="batch"):  # type: ignore[no-untyped-def]
        self.passes += 1
        return super().mean_over_gradients(statistic, per=per)
