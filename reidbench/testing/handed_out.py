"""Views of groups that remember the tensors they hand out, and notice writes to them."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from reidbench.engine.channels import GroupView


@dataclass
class HandedOut:
    """The tensors that views gave to a method during one call, and their values then."""

    tensors: list[tuple[str, Tensor, Tensor]] = field(default_factory=list)

    def note(self, what: str, tensor: Tensor) -> Tensor:
        """Remember a tensor under the name by which a method asked for it, and return it."""
        self.tensors.append((what, tensor, tensor.detach().clone()))
        return tensor

    def written(self) -> str:
        """Return the name of the first tensor that is no longer what it was; empty if none."""
        changed = (what for what, now, then in self.tensors if not _equal(now.detach(), then))
        return next(changed, "")


@dataclass(frozen=True, eq=False)
class RememberingView(GroupView):
    """A view that notes each tensor it hands out; most are copies of the network's weights."""

    given: HandedOut = field(default_factory=HandedOut)

    @property
    def weight(self) -> Tensor:
        """The filters, remembered."""
        return self.given.note(f"group.weight of '{self.name}'", super().weight)

    @property
    def gradient(self) -> Tensor | None:
        """The filters' gradient, remembered."""
        slope = super().gradient
        if slope is None:
            return None
        return self.given.note(f"group.gradient of '{self.name}'", slope)

    @property
    def norm_scale(self) -> Tensor | None:
        """The norms' scale, remembered."""
        scale = super().norm_scale
        if scale is None:
            return None
        return self.given.note(f"group.norm_scale of '{self.name}'", scale)

    @property
    def coupled(self) -> list[Tensor]:
        """All weights that go with the channels, remembered."""
        what = f"group.coupled of '{self.name}'"
        return [self.given.note(what, rows) for rows in super().coupled]


def remembering(view: GroupView, given: HandedOut) -> RememberingView:
    """Return a view of the same group that notes in ``given`` what it hands out."""
    return RememberingView(view.module, view.group, view.live, given)


def _equal(one: Tensor, other: Tensor) -> bool:
    # NaN equals NaN here: a weight that is no number is not a weight that was written.
    return one.shape == other.shape and torch.equal(
        one.nan_to_num(nan=0.0), other.nan_to_num(nan=0.0)
    )
