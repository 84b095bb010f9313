"""Proof that a cut is right: the smaller network computes what the masked one does."""

from __future__ import annotations

from torch import nn

from reidbench.engine.channels import ChannelGraph, PruningPlan
from reidbench.engine.channels.proof import Trial
from reidbench.errors import ReidbenchError


class VerificationError(ReidbenchError):
    """A cut that changed the function, or left other widths or MACs than its plan says."""


def verified_difference(network: nn.Module, graph: ChannelGraph, plan: PruningPlan) -> float:
    """Return the largest relative difference between the removed and the masked network.

    On a copy in float64 with random scales, shifts and statistics: a fresh network puts out
    almost nothing, and any comparison of it passes. ``network`` is not touched.

    Raises:
        VerificationError: they differ, or the removed network has not the widths of the plan.

    """
    problem, difference = Trial.of(network, graph).outcome(plan, again=False)
    if problem:
        raise VerificationError(f"this cut must not be used ({problem}); please report the network")
    return difference
