"""The pruning plan: which original channels of every group are kept (imports no torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reidbench.engine.channels.problems import PlanError
from reidbench.errors import did_you_mean

if TYPE_CHECKING:
    from reidbench.engine.channels.graph import ChannelGraph


@dataclass(frozen=True)
class PruningPlan:
    """Say for every prunable group which of its original channels are kept.

    ``kept`` maps a group to strictly increasing original indices, at least one of them;
    ``sizes`` maps the same groups to their original number of channels. Anything else is a
    ``PlanError``.
    """

    kept: Mapping[str, tuple[int, ...]]
    sizes: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "kept", MappingProxyType({k: tuple(v) for k, v in self.kept.items()})
        )
        object.__setattr__(self, "sizes", MappingProxyType(dict(self.sizes)))
        if set(self.kept) != set(self.sizes):
            odd = sorted(set(self.kept) ^ set(self.sizes))
            raise PlanError(f"plan: groups {odd} must be in both 'kept' and 'sizes'")
        for name, kept in self.kept.items():
            _check_group(name, kept, self.sizes[name])

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy can be neither copied nor sent to another process.
        return PruningPlan, (dict(self.kept), dict(self.sizes))

    @property
    def widths(self) -> dict[str, int]:
        """Return how many channels each group keeps."""
        return {name: len(kept) for name, kept in self.kept.items()}

    @property
    def dropped(self) -> dict[str, tuple[int, ...]]:
        """Return the original channels that go, for the groups that lose any."""
        gone = {
            name: tuple(sorted(set(range(self.sizes[name])) - set(kept)))
            for name, kept in self.kept.items()
        }
        return {name: indices for name, indices in gone.items() if indices}

    @classmethod
    def everything(cls, graph: ChannelGraph) -> PruningPlan:
        """Return the plan that removes nothing from ``graph``."""
        widths = graph.widths
        return cls({name: tuple(range(size)) for name, size in widths.items()}, widths)

    def then(self, later: PruningPlan) -> PruningPlan:
        """Compose with a plan made for the network this plan left, in original indices.

        Raises ``PlanError`` unless ``later`` starts from exactly this plan's widths.
        """
        if dict(later.sizes) != self.widths:
            wrong = sorted(set(later.sizes.items()) ^ set(self.widths.items()))
            raise PlanError(
                f"plan: the later plan does not start where the earlier one ends (first difference"
                f" {wrong[0]}); make it from a capture of the network already pruned"
            )
        kept = {name: tuple(self.kept[name][i] for i in later.kept[name]) for name in self.kept}
        return PruningPlan(kept, self.sizes)

    def fits(self, sizes: Mapping[str, int]) -> None:
        """Raise ``PlanError`` unless the plan covers exactly the groups of a network."""
        for name, size in self.sizes.items():
            if name not in sizes:
                raise PlanError(
                    f"plan: the network has no prunable group '{name}'{did_you_mean(name, sizes)};"
                    " apply a plan to the network it was made for"
                )
            if sizes[name] != size:
                raise PlanError(
                    f"plan: group '{name}' has {sizes[name]} channels in the network and {size} in"
                    " the plan; apply a plan to the network it was made for, before other pruning"
                )
        if missing := sorted(set(sizes) - set(self.sizes)):
            raise PlanError(f"plan: groups {missing[:5]} of the network are not in the plan")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data that ``from_json`` reads back."""
        groups = {n: {"size": self.sizes[n], "kept": list(self.kept[n])} for n in self.kept}
        return {"groups": groups}

    @classmethod
    def from_json(cls, data: Any) -> PruningPlan:
        """Read what ``to_json`` wrote; raise ``PlanError`` for anything else."""
        groups = data.get("groups") if isinstance(data, dict) else None
        if not isinstance(groups, dict) or set(data) != {"groups"}:
            raise PlanError("plan: expected one key 'groups' that maps names to size and kept")
        for name, group in groups.items():
            if not isinstance(group, dict) or set(group) != {"size", "kept"}:
                raise PlanError(
                    f"plan: group '{name}' must have exactly the keys 'size' and 'kept'"
                )
            if not isinstance(group["kept"], list):
                raise PlanError(f"plan: 'kept' of group '{name}' must be a list of indices")
        return cls(
            {name: tuple(group["kept"]) for name, group in groups.items()},
            {name: group["size"] for name, group in groups.items()},
        )


def _check_group(name: str, kept: tuple[int, ...], size: int) -> None:
    if any(type(value) is not int for value in (size, *kept)):
        raise PlanError(f"plan: size and indices of group '{name}' must be whole numbers")
    if not kept:
        raise PlanError(f"plan: group '{name}' keeps no channel; a group keeps at least one")
    if any(a >= b for a, b in pairwise(kept)):
        raise PlanError(f"plan: the kept indices of group '{name}' must be strictly increasing")
    if kept[0] < 0 or kept[-1] >= size:
        raise PlanError(f"plan: group '{name}' has channels 0 to {size - 1}, the plan keeps others")
