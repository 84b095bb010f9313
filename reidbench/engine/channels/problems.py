"""What can go wrong in the channel engine for a reason that its user can remove."""

from __future__ import annotations

from reidbench.errors import ReidbenchError


class CaptureError(ReidbenchError):
    """The network cannot be read as one graph from an image to an embedding."""


class UnsupportedOperation(CaptureError):  # noqa: N818 - reads as the refusal it is
    """The network uses an operation for which no rule says what happens to its channels."""


class ScopeError(ReidbenchError):
    """The asked scope holds no channel that may be pruned, or does not exist."""


class ScoreError(ReidbenchError):
    """A method's scores do not describe the channels they are for."""


class ImpossibleReduction(ReidbenchError):  # noqa: N818 - reads as the refusal it is
    """The scope cannot be pruned as far as the asked reduction."""


class PlanError(ReidbenchError):
    """A pruning plan contradicts itself or the network it is applied to."""


class SavedNetworkError(ReidbenchError):
    """The files of a saved network are unreadable or belong to another network."""
