"""The training loop, top to bottom: batch, loss, backward, step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from reidbench.errors import Diverged
from reidbench.protocol import InputRules, OptimiserRules, TrainingRules
from reidbench.training.augment import augment
from reidbench.training.batches import Images, PKSampler
from reidbench.training.losses import training_loss
from reidbench.training.network import Network
from reidbench.training.schedule import learning_rate_factor
from reidbench.training.seeds import derived_seed, generator, isolated

OnStep = Callable[[int, int, float], None]
"""Called after each step with the phase's steps done so far, its steps in all, and the loss."""


class Guide(Protocol):
    """What a pruning method adds to a step of training."""

    def penalty(self) -> Tensor | None:
        """Return a scalar to add to the loss, or None."""

    def after_step(self) -> None:
        """Look at the gradients of the step just taken."""


class Trainer:
    """Trains a network for a fixed number of steps, which a strategy may spend in pieces.

    The learning-rate curve spans the whole phase however it is cut up, and batches depend on
    ``seed`` alone: every method sees the same images at the same rates. Torch's global random
    state is neither used nor changed.
    """

    def __init__(
        self,
        network: Network,
        images: Images,
        rules: TrainingRules,
        input_rules: InputRules,
        *,
        epochs: float,
        seed: int,
        on_step: OnStep,
    ) -> None:
        self.network, self.images = network, images
        self.rules, self.input_rules, self.on_step = rules, input_rules, on_step
        self.sampler = PKSampler(
            images.labels, rules.batch.identities, rules.batch.images, generator(seed, "batches")
        )
        self.random, self.seed = generator(seed, "augment"), seed
        self.steps = round(epochs * self.sampler.steps_per_epoch)
        if epochs > 0:
            self.steps = max(1, self.steps)
        self.done = 0
        self.optimiser = make_optimiser(network, rules.optimiser)
        self._batches: Iterator[Tensor] = iter(self.sampler)

    @property
    def epochs(self) -> float:
        """Epochs spent so far."""
        return self.done / self.sampler.steps_per_epoch

    def train(self, steps: int, guide: Guide | None = None) -> None:
        """Take ``steps`` optimiser steps, with what a method adds to each.

        Raises:
            Diverged: a loss that is not finite.
            ValueError: more steps than the phase has left.

        """
        if steps > self.steps - self.done:
            raise ValueError(f"{steps} steps asked for, {self.steps - self.done} left in the phase")
        self.network.train()
        for _ in range(steps):
            # Dropout draws from the global generators: each step has a state of its own there.
            with isolated(derived_seed(self.seed, "step", self.done)):
                loss = self._step(guide)
            self.done += 1
            self.on_step(self.done, self.steps, loss)

    def _step(self, guide: Guide | None) -> float:
        images, labels = self._batch()
        self._set_learning_rate()
        loss = batch_loss(self.network, images, labels, self.rules)
        if guide is not None and (penalty := guide.penalty()) is not None:
            loss = loss + penalty
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(f"the training loss is {value} at step {self.done + 1} of {self.steps}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        if guide is not None:
            guide.after_step()
        return value

    def _batch(self) -> tuple[Tensor, Tensor]:
        device = next(self.network.parameters()).device
        chosen = next(self._batches)
        pixels = self.images.pixels[chosen]
        images = augment(pixels, self.rules.augment, self.input_rules, self.random)
        return images.to(device), self.images.labels[chosen].to(device)

    def _set_learning_rate(self) -> None:
        factor = learning_rate_factor(self.done, self.steps, self.rules.schedule)
        for group in self.optimiser.param_groups:
            group["lr"] = factor * self.rules.optimiser.learning_rate


def batch_loss(network: Network, images: Tensor, labels: Tensor, rules: TrainingRules) -> Tensor:
    """Return the training loss of a batch, in the protocol's precision."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=rules.precision == "bfloat16"):
        embeddings, logits = network.for_training(images)
    return training_loss(embeddings, logits, labels, rules.loss)


def make_optimiser(network: Network, rules: OptimiserRules) -> torch.optim.Optimizer:
    """Return the protocol's optimiser over the parameters that learn."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    if rules.name == "adam":
        return torch.optim.Adam(parameters, lr=rules.learning_rate, weight_decay=rules.weight_decay)
    return torch.optim.SGD(
        parameters,
        lr=rules.learning_rate,
        momentum=rules.momentum,
        weight_decay=rules.weight_decay,
    )
