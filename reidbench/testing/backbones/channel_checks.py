"""Checks of a backbone's channels: captured, proven to go, and enough of them in each scope."""

from __future__ import annotations

from reidbench.engine.channels import Scope, ScopeError, guard, highest_reduction
from reidbench.testing.backbones.candidate import BackboneCandidate, words
from reidbench.testing.check import CheckFailed, Refused, trying

MIN_KEEP = 0.02
"""The floor of every group in the published protocols."""


def captures(backbone: BackboneCandidate) -> None:
    """Read the network as one graph from an image to an embedding."""
    backbone.graph  # noqa: B018 - capturing is the check


def loses_channels_exactly(backbone: BackboneCandidate) -> None:
    """Remove one channel of every group of a copy, and compare with the channels silenced."""
    graph = backbone.captured()
    with trying(backbone.record, f"when channels were removed at {words(backbone.size)}"):
        guard(backbone.reference, graph)


def reaches(backbone: BackboneCandidate, scope: Scope, reduction: float) -> None:
    """Compare the highest reduction of a scope with the one that suites ask for."""
    graph = backbone.captured()
    try:
        highest = highest_reduction(graph, scope, MIN_KEEP)
    except ScopeError as error:
        if scope == "inner":
            raise Refused(
                f"{backbone}: {error}; published protocols of scope 'inner' leave its rows empty, "
                "those of scope 'all' do not (mini-all/1, reid-all/1)"
            ) from error
        raise CheckFailed(f"{backbone} cannot be pruned at all: {error}") from error
    if highest >= reduction:
        return
    sentence = (
        f"{backbone}: scope '{scope}' reaches a reduction of {highest:.4f} at most (with min_keep "
        f"{MIN_KEEP}), where suites ask for {reduction:g}; "
    )
    if scope == "inner":
        raise Refused(f"{sentence}use protocols of scope 'all', or ask for less")
    raise CheckFailed(
        f"{sentence}'reidbench groups {backbone.record.name} --size {words(backbone.size)}' lists "
        "what keeps channels whole"
    )
