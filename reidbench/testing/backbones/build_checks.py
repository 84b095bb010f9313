"""Checks of what a backbone's target builds: documented, fresh from the seed, and whole."""

from __future__ import annotations

from torch import nn

from reidbench.testing.backbones.candidate import BackboneCandidate, pictures
from reidbench.testing.check import Blocked, CheckFailed, trying
from reidbench.testing.documentation import refuse_undocumented
from reidbench.testing.recording import same


def documents_itself(backbone: BackboneCandidate) -> None:
    """Read the record's summary, and look for the options in the target's docstring."""
    backbone.built()
    refuse_undocumented(backbone, backbone.record, "ResNet-18, embedding of 512.")


def builds(backbone: BackboneCandidate) -> None:
    """Build the network from the record's defaults."""
    backbone.make()


def leaves_torch_untouched(backbone: BackboneCandidate) -> None:
    """Compare torch's settings of the process before and after the network is built and run."""
    network = backbone.built()
    backbone.embedded(network, pictures(backbone.size))
    for change in backbone.settings[:1]:
        raise CheckFailed(
            f"{backbone}: {change}, which is torch's setting for the whole process and so for the "
            "harness and for other networks; leave it alone, or put it back"
        )


def draws_its_weights_from_the_seed(backbone: BackboneCandidate) -> None:
    """Build with one seed twice and with another; the first two are equal, the third is not."""
    first, again, other = (backbone.built(seed) for seed in (1, 1, 2))
    if name := _unlike(first, again):
        raise CheckFailed(
            f"{backbone} gave other weights in '{name}' when it was built again with the same "
            "seed; draw them by torch's initialisers, from the global generator that the trial "
            "seeds"
        )
    if any(True for _ in first.parameters()) and not _unlike(first, other):
        raise CheckFailed(
            f"{backbone} gave the same weights for two seeds, so they are not newly initialised; "
            "leave published weights to its record's loader, and seed no generator in the target"
        )


def keeps_its_state_in_its_state_dict(backbone: BackboneCandidate) -> None:
    """Load the state of one network into another, which must then compute the same."""
    one, other = backbone.built(1), backbone.built(2)
    images = pictures(backbone.size)
    expected = backbone.embedded(one, images)
    with trying(backbone.record, "when the state dict of one of its networks went into another"):
        other.load_state_dict(one.state_dict(), strict=True)
    if same(backbone.embedded(other, images), expected):
        return
    if not same(backbone.embedded(one, images, seed=3), expected):
        raise Blocked("needs 'deterministic-in-eval-mode' to pass first")
    raise CheckFailed(
        f"{backbone}: two of its networks with the same state dict compute different embeddings, "
        "so that a network read back from the store is another one; register what it keeps with "
        "register_buffer() or as an nn.Parameter"
    )


def _unlike(one: nn.Module, other: nn.Module) -> str:
    """Return the first entry of the state dicts that differs; empty if none."""
    mine, theirs = one.state_dict(), other.state_dict()
    names = (name for name in mine if name not in theirs or not same(mine[name], theirs[name]))
    return next(names, "")
