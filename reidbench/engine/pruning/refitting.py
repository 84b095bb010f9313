"""New weights for the layers that read channels which are about to be removed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from reidbench.api.method import Method
from reidbench.engine.channels import GroupView, PruningPlan
from reidbench.engine.pruning.contract import naming
from reidbench.engine.pruning.layer_samples import columns_shape, write_columns
from reidbench.engine.pruning.ranking import Ranking
from reidbench.errors import MethodError


def refit(method: Method, backbone: nn.Module, plan: PruningPlan, ranking: Ranking) -> None:
    """Write the weights that ``method`` gives the layers behind every group that shrinks.

    ``plan`` is in the indices of ``backbone`` as it is.

    Raises:
        MethodError: weights of the wrong shapes, or not finite.
    """
    for group in ranking.groups:
        if group.name not in plan.dropped:
            continue
        kept = torch.tensor(plan.kept[group.name])
        with naming(ranking.method, group.name):
            weights = method.refit(group, kept, ranking)
        if weights:
            _write(backbone, group, kept, weights, ranking.method)


def _write(
    backbone: nn.Module, group: GroupView, kept: Tensor, weights: Sequence[Tensor], method: str
) -> None:
    cuts = group.group.consumers
    where = f"method '{method}': refit() of '{group.name}'"
    expected = [columns_shape(backbone, cut, group.size, len(kept)) for cut in cuts]
    if (shapes := [tuple(weight.shape) for weight in weights]) != expected:
        raise MethodError(
            f"{where} must return weights of shapes {expected}, not {shapes}; correct it"
        )
    for cut, weight in zip(cuts, weights, strict=True):
        if not torch.isfinite(weight).all():
            raise MethodError(f"{where} gave '{cut.owner}' weights that are not finite")
        write_columns(backbone, cut, kept, weight)
