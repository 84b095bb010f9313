"""Feature maps of channel groups, collected while images pass through the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from reidbench.api.tasks import Maps
from reidbench.engine.channels import GroupView


@dataclass(frozen=True, eq=False)
class ObservedMap:
    """The output of an observed module in one forward pass, and where in it the group's map is.

    Attributes:
        group: whose channels they are.
        channels: their indices in ``output``, int64 (group.size,).
        output: of the module, (n, channels, height, width), with its graph.
        activation: name of the function in ``torch.nn.functional`` that follows, if one does.
    """

    group: GroupView
    channels: Tensor
    output: Tensor
    activation: str | None = None

    def part(self, tensor: Tensor) -> Tensor:
        """Return the group's channels of a tensor like ``output``, float32."""
        return tensor[:, self.channels].float()

    def maps(self, which: Maps) -> Tensor:
        """Return the group's maps (n, channels, height, width), after its activation if asked."""
        own = self.part(self.output)
        if which == "normed" or self.activation is None:
            return own
        # Applied here: an activation is often one module that many layers share.
        activated: Tensor = getattr(functional, self.activation)(own)
        return activated


@contextmanager
def observing(groups: Sequence[GroupView]) -> Iterator[list[ObservedMap]]:
    """Collect every output of every observed module during the block."""
    seen: list[ObservedMap] = []
    handles = [
        module.register_forward_hook(_keep(seen, group, channels, observation.activation))
        for group in groups
        for module, channels, observation in zip(
            group.observed, group.observed_channels, group.group.observed, strict=True
        )
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _keep(
    seen: list[ObservedMap], group: GroupView, channels: Tensor, activation: str | None
) -> Callable[[nn.Module, object, Tensor], Tensor]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        seen.append(ObservedMap(group, channels, output, activation))
        # The next layer gets a copy: an in-place ReLU would overwrite what was kept, and make
        # its gradient that of the map after the ReLU.
        return output.clone()

    return hook
