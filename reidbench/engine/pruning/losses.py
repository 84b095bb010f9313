"""The losses that a criterion may look at: those of the protocol's own training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol as Interface

from torch import Tensor

from reidbench.config.protocol import Protocol
from reidbench.engine.training import Network
from reidbench.engine.training.loop import batch_loss
from reidbench.engine.training.losses import identity_loss
from reidbench.errors import MethodError


class Losses(Interface):
    """The training loss of the network that is ranked."""

    def of_batch(self, network: Network, images: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of a batch, a scalar."""

    def of_each_image(
        self, network: Network, images: Tensor, labels: Tensor, method: str
    ) -> Iterator[Tensor]:
        """Iterate over the loss of each image alone, scalars.

        Raises:
            MethodError: the loss is not defined for one image; ``method`` asked for it.
        """


@dataclass(frozen=True)
class ProtocolLosses:
    """The losses of a protocol's training."""

    protocol: Protocol

    def of_batch(self, network: Network, images: Tensor, labels: Tensor) -> Tensor:
        """Return the training loss of a batch, a scalar."""
        return batch_loss(network, images, labels, self.protocol.training)

    def of_each_image(
        self, network: Network, images: Tensor, labels: Tensor, method: str
    ) -> Iterator[Tensor]:
        """Iterate over the identity loss of each image: a triplet needs more than one."""
        rules = self.protocol.training.loss
        if not rules.identity:
            raise MethodError(
                f"method '{method}' wants the loss of each image: that is the identity loss, "
                f"which {self.protocol.name} does not train with; leave the method out, or use "
                "a protocol with one"
            )
        for index in range(len(images)):
            one = slice(index, index + 1)
            logits = network.for_training(images[one])[1]
            yield identity_loss(logits, labels[one], rules)
