"""What the examination of a plan's components finds, in this process or in a worker's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reidbench.errors import ReidbenchError
from reidbench.plan import PreflightError


@dataclass(frozen=True)
class Finding:
    """Something that keeps trials from being carried out.

    Attributes:
        error: what it is, in a sentence.
        trials: keys of these trials; empty for what the whole plan is refused for.
        applies: false if nothing is at fault.

    """

    error: ReidbenchError
    trials: tuple[str, ...] = ()
    applies: bool = True

    def document(self) -> dict[str, Any]:
        """Return the finding ready for JSON."""
        return {"why": str(self.error), "trials": self.trials, "applies": self.applies}

    @staticmethod
    def of(document: Mapping[str, Any]) -> Finding:
        """Return the finding that a document holds; its error is a ``PreflightError``."""
        why, trials = PreflightError(document["why"]), tuple(document["trials"])
        return Finding(why, trials, document["applies"])
