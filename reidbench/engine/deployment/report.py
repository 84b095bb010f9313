"""What pruning did to a network, for people: costs and widths before and after, and what stayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tabulate import tabulate


@dataclass(frozen=True)
class Report:
    """Costs and widths of a network before and after.

    Attributes:
        method: the method that ranked the channels.
        reduction: the share of MACs that was asked for.
        dense_macs, macs: multiply-accumulates of one image, before and after (exact).
        dense_parameters, parameters: how many numbers the parameters hold.
        widths: channels of each group, before and after.
        whole: why a group lost nothing, by group.
        round_to: what widths were rounded to.
        difference: the largest relative difference of an output to the masked network's, in
            float64; None if it was not verified.

    """

    method: str
    reduction: float
    dense_macs: int
    macs: int
    dense_parameters: int
    parameters: int
    widths: Mapping[str, tuple[int, int]]
    whole: Mapping[str, str]
    round_to: int
    difference: float | None

    @property
    def achieved(self) -> float:
        """The share of MACs that was removed."""
        return 1 - self.macs / self.dense_macs

    def document(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return {**asdict(self), "achieved": self.achieved}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Report:
        """Return what ``document`` wrote."""
        fields = {name: value for name, value in document.items() if name != "achieved"}
        widths = {name: (before, after) for name, (before, after) in fields["widths"].items()}
        return cls(**{**fields, "widths": widths})

    def __str__(self) -> str:
        costs = [
            _cost("GMACs", self.dense_macs / 1e9, self.macs / 1e9),
            _cost("parameters, M", self.dense_parameters / 1e6, self.parameters / 1e6),
        ]
        changed = [
            [name, before, after, _less(1 - after / before)]
            for name, (before, after) in self.widths.items()
            if after < before
        ]
        headers = ["before", "after", "less"]
        asked = f"{self.achieved:.2%} of the MACs removed, {self.reduction:.4g} asked for"
        sides = ("left", "right", "right", "right")
        parts = [
            f"{self.method}: {asked}",
            tabulate(costs, ["", *headers], disable_numparse=True, colalign=sides),
            tabulate(changed, ["channels of", *headers], disable_numparse=True),
        ]
        if self.whole:
            parts.append(tabulate(self.whole.items(), ["whole", "because"]))
        if self.difference is not None:
            parts.append(
                "verified: the smaller network equals the masked one "
                f"(largest relative difference {self.difference:.0e})"
            )
        return "\n\n".join(part for part in parts if part)


def _cost(name: str, before: float, after: float) -> list[str]:
    return [name, f"{before:.3f}", f"{after:.3f}", _less(1 - after / before)]


def _less(share: float) -> str:
    return f"{share:.1%}"
