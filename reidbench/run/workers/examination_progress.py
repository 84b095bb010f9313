"""How far an examination by workers has come: in all, at the present step, and in lost workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reidbench.run.findings import Finding
from reidbench.run.workers.messages import Examination, Reply


@dataclass(frozen=True)
class Progress:
    """What all workers together have come to.

    Attributes:
        asked: what the next worker is asked for.
        found: what is wrong.
        provenance: what the last worker that was ready computes on.
        is_over: whether all steps were taken.

    """

    asked: Examination = field(default_factory=Examination)
    found: tuple[Finding, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    is_over: bool = False

    def with_found(self, finding: Finding) -> Progress:
        """Return the progress with one thing more that is wrong."""
        return replace(self, found=(*self.found, finding))

    def with_taken(self, name: str) -> Progress:
        """Return the progress after a step that its worker has outlived."""
        return replace(self, asked=replace(self.asked, skipped=(*self.asked.skipped, name)))

    def with_lost(self, name: str, finding: Finding) -> Progress:
        """Return the progress after a step that has cost its worker."""
        asked = replace(self.asked, lost=(*self.asked.lost, name))
        return replace(self, asked=asked).with_found(finding).with_taken(name)


@dataclass(frozen=True)
class Present:
    """What the present worker does.

    Attributes:
        step: that it takes, as it named it; None before the first, and between two.
        is_said: whether people were told that the step takes long.
        is_spoiled: whether a step has left its process changed, for which later ones may fail.

    """

    step: Reply | None = None
    is_said: bool = False
    is_spoiled: bool = False


@dataclass(frozen=True)
class Losses:
    """Workers that were lost in a row, which do not count for ever.

    Attributes:
        killed: that the present step has cost, and that something else may have killed.
        stillborn: that have ended before a step.

    """

    killed: int = 0
    stillborn: int = 0
