"""The training loop, top to bottom: batch, loss, backward, step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import torch
from torch import Tensor

from reidbench.config.protocol import InputRules, TrainingRules
from reidbench.engine.training.batches import Batch, Feed, Images
from reidbench.engine.training.losses import training_loss
from reidbench.engine.training.network import Network
from reidbench.engine.training.schedule import learning_rate_factor
from reidbench.engine.training.seeds import derived_seed, generator, isolated
from reidbench.errors import Diverged

OnStep = Callable[[int, int, float], None]
"""Called after each step with the phase's steps done so far, its steps in all, and the loss."""


class StepHooks(Protocol):
    """What a pruning method adds to a step of training."""

    def penalty(self) -> Tensor | None:
        """Return a scalar to add to the loss, or None."""

    def after_step(self) -> None:
        """Look at the gradients of the step just taken."""


@dataclass(frozen=True)
class TrainingStage:
    """A part of a phase with a budget, batches, a learning-rate curve and momentum of its own.

    Batches, augmentation and dropout depend on ``seed`` alone. ``learning_rate`` is the curve's
    peak; None: the optimiser's.
    """

    epochs: float
    seed: int
    learning_rate: float | None = None


class Trainer:
    """Trains a network for a fixed number of steps, which a strategy may spend in pieces.

    A phase has one stage, or one for each of the phases that it joins. A stage's learning-rate
    curve spans all its steps, and its batches depend on its seed alone: every method sees the same
    images at the same rates. Torch's global random state is neither used nor changed.

    Attributes:
        network: what is trained, in place.
        optimiser: the protocol's.
        done: steps taken so far.
        images_seen: images in them.
        waited: seconds for which a step's batch was not ready: the time outside forward, backward
            and optimiser step.
    """

    def __init__(
        self,
        network: Network,
        images: Images,
        rules: TrainingRules,
        input_rules: InputRules,
        *,
        stages: Sequence[TrainingStage],
        on_step: OnStep,
        prefetch: bool | None = None,
    ) -> None:
        self.network, self.rules, self.on_step = network, rules, on_step
        self.optimiser = make_optimiser(network, rules)
        device = next(network.parameters()).device
        # A CPU's cores are busy with the step; any other device leaves them idle.
        prefetch = device.type != "cpu" if prefetch is None else prefetch
        feed = Feed(images, rules, input_rules, device, prefetch=prefetch)
        self.stages = [StageProgress(stage, feed) for stage in stages]
        self.done = 0
        self.images_seen = 0
        self.waited = 0.0

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def epochs(self) -> float:
        """Epochs spent so far."""
        return self.done / self.stages[0].sampler.steps_per_epoch if self.stages else 0.0

    @property
    def learning_rate(self) -> float:
        """Learning rate of the last step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def train(self, steps: int, hooks: StepHooks | None = None) -> None:
        """Take ``steps`` optimiser steps, with what a method adds to each.

        Raises:
            Diverged: a loss that is not finite.
            ValueError: more steps than the phase has left.
        """
        if steps > self.steps - self.done:
            raise ValueError(f"{steps} steps asked for, {self.steps - self.done} left in the phase")
        self.network.train()
        if self.rules.memory_format == "channels_last":
            # Here and not once: weights that were cut since are in torch's own order.
            self.network.to(memory_format=torch.channels_last)
        for _ in range(steps):
            stage = self._current_stage()
            # Dropout draws from the global generators: each step has a state of its own there.
            with isolated(derived_seed(stage.seed, "step", stage.done)):
                loss = self._step(stage, hooks)
            stage.done += 1
            self.done += 1
            self.on_step(self.done, self.steps, loss)

    def skip(self, steps: int) -> None:
        """Go on as if ``steps`` more had been taken: at later batches and rates, weights as before.

        Raises:
            ValueError: a stage that has begun already.
        """
        for stage in self.stages:
            taken = min(steps, stage.steps - stage.done)
            stage.skip(taken)
            self.done += taken
            steps -= taken

    def _current_stage(self) -> StageProgress:
        """Return the first unfinished stage; a new one starts without the momentum of the last."""
        stage = next(stage for stage in self.stages if stage.done < stage.steps)
        if not stage.done:
            self.optimiser.state.clear()
        return stage

    def _step(self, stage: StageProgress, hooks: StepHooks | None) -> float:
        images, labels = self._batch(stage)
        self._set_learning_rate(stage)
        loss = batch_loss(self.network, images, labels, self.rules)
        if hooks is not None and (penalty := hooks.penalty()) is not None:
            loss = loss + penalty
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the training loss is {value} at step {self.done + 1} of {self.steps}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        if hooks is not None:
            hooks.after_step()
        return value

    def _batch(self, stage: StageProgress) -> Batch:
        started = perf_counter()
        images, labels = next(stage.batches)
        self.waited += perf_counter() - started
        self.images_seen += len(labels)
        return images, labels

    def _set_learning_rate(self, stage: StageProgress) -> None:
        factor = learning_rate_factor(stage.done, stage.steps, self.rules.schedule)
        peak = stage.learning_rate or self.rules.optimiser.learning_rate
        for group in self.optimiser.param_groups:
            group["lr"] = factor * peak


class StageProgress:
    """A stage's steps, how many of them are done, and the batches of the others."""

    def __init__(self, stage: TrainingStage, feed: Feed) -> None:
        self.seed, self.learning_rate = stage.seed, stage.learning_rate
        self.sampler = feed.sampler(generator(stage.seed, "batches"))
        self.steps = round(stage.epochs * self.sampler.steps_per_epoch)
        if stage.epochs > 0:
            self.steps = max(1, self.steps)
        self.done = 0
        self._feed = feed
        self._batches: Iterator[Batch] | None = None

    @property
    def batches(self) -> Iterator[Batch]:
        """The batches of the steps that are not done."""
        if self._batches is None:
            random = generator(self.seed, "augment")
            self._batches = self._feed.batches(self.sampler, self.steps, random, self.done)
        return self._batches

    def skip(self, steps: int) -> None:
        """Leave out the batches of the next steps.

        Raises:
            ValueError: a batch was drawn already.
        """
        if steps and self._batches is not None:
            raise ValueError("steps can be skipped only before the first batch")
        self.done += steps


def batch_loss(network: Network, images: Tensor, labels: Tensor, rules: TrainingRules) -> Tensor:
    """Return the training loss of a batch, in the protocol's precision."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=rules.precision == "bfloat16"):
        embeddings, logits = network.for_training(images)
    return training_loss(embeddings, logits, labels, rules.loss)


def make_optimiser(network: Network, training: TrainingRules) -> torch.optim.Optimizer:
    """Return the protocol's optimiser over the parameters that learn."""
    rules = training.optimiser
    parameters = [p for p in network.parameters() if p.requires_grad]
    # Fused steps take a fourth of the time and round differently: published float32 results
    # were made without.
    fused = training.precision == "bfloat16"
    if rules.name == "adam":
        return torch.optim.Adam(
            parameters, lr=rules.learning_rate, weight_decay=rules.weight_decay, fused=fused
        )
    return torch.optim.SGD(
        parameters,
        lr=rules.learning_rate,
        momentum=rules.momentum,
        weight_decay=rules.weight_decay,
        fused=fused,
    )
