"""A backbone under test: its networks, its channel graph, and images to embed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import torch
from torch import Tensor, nn

from reidbench.api.records import BackboneRecord
from reidbench.engine.channels import ChannelGraph, capture
from reidbench.engine.training.seeds import isolated
from reidbench.testing.check import CheckFailed, needing, noun, trying
from reidbench.testing.recording import restored

Size: TypeAlias = tuple[int, int, int]


def words(size: Size) -> str:
    """Return a size as people write it: ``3x64x32``."""
    return "x".join(map(str, size))


@dataclass(frozen=True, eq=False)
class BackboneCandidate:
    """A record and what its target builds; nothing runs before a check needs it.

    Attributes:
        size: channels, height and width of the images at which it is captured.
        settings: what importing, building and running it changed of torch's settings, as clauses.

    """

    record: BackboneRecord
    size: Size
    settings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return noun(self.record)

    def make(self, seed: int = 0) -> nn.Module:
        """Build a network from the record's defaults; ``seed`` is of all global generators.

        Raises:
            CheckFailed: its target does not import, refuses the defaults, or makes no network.

        """
        where = "when it was built with its record's defaults"
        with (
            trying(self.record, where),
            restored(self.settings, "building it"),
            isolated(seed),
        ):
            made = self.record.build_for(self.size, {})
        if not isinstance(made, nn.Module):
            raise CheckFailed(
                f"{self}: its target {self.record.target} returned a {type(made).__name__}, where "
                "a torch.nn.Module was expected; name a function that returns the network"
            )
        return made

    def built(self, seed: int = 0) -> nn.Module:
        """Return a new network, for a check that builds on one.

        Raises:
            Blocked: none can be built.

        """
        with needing("builds"):
            return self.make(seed)

    def embed(
        self, network: nn.Module, images: Tensor, where: str, *, seed: int = 0, train: bool = False
    ) -> Tensor:
        """Return what a network puts out for images, in eval mode unless ``train``.

        Raises:
            CheckFailed: it raises, or puts out anything but finite embeddings (n, d).

        """
        network.train(train)
        with (
            trying(self.record, where),
            restored(self.settings, "running it"),
            isolated(seed),
            torch.set_grad_enabled(train),
        ):
            found = network(images)
        if fault := _fault(found, len(images)):
            raise CheckFailed(
                f"{self} returned {fault} {where}, where finite embeddings ({len(images)}, d) were "
                "expected; pool the maps and flatten them: maps.mean(dim=(2, 3))"
            )
        embeddings: Tensor = found
        return embeddings

    def embedded(self, network: nn.Module, images: Tensor, *, seed: int = 0) -> Tensor:
        """Return embeddings in eval mode, for a check that builds on them.

        Raises:
            Blocked: the network gives none.

        """
        with needing("embeds"):
            return self.embed(network, images, "in eval mode", seed=seed)

    @cached_property
    def reference(self) -> nn.Module:
        """A network that is known to embed images of ``size``.

        Raises:
            Blocked: there is none.

        """
        network = self.built()
        self.embedded(network, pictures(self.size))
        return network

    @cached_property
    def graph(self) -> ChannelGraph:
        """The channel graph of the reference network.

        Raises:
            CheckFailed: it cannot be captured.

        """
        with trying(self.record, f"when it was captured at {words(self.size)}"):
            return capture(self.reference, self.size)

    def captured(self) -> ChannelGraph:
        """Return the channel graph, for a check that builds on it.

        Raises:
            Blocked: it cannot be captured.

        """
        with needing("captures"):
            return self.graph


def pictures(size: Size, count: int = 4) -> Tensor:
    """Return random images (count, channels, height, width), the same for each size."""
    random = torch.Generator().manual_seed(0)
    return torch.randn(count, *size, generator=random)


def _fault(found: object, count: int) -> str:
    """Say what is wrong with embeddings; empty if nothing."""
    if not isinstance(found, Tensor):
        return f"a {type(found).__name__}"
    if found.ndim != 2 or len(found) != count or not found.is_floating_point():
        return f"a tensor {tuple(found.shape)} of {str(found.dtype).removeprefix('torch.')}"
    if not bool(found.isfinite().all()):
        return "numbers that are not finite"
    return ""
