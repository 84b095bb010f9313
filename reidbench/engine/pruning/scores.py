"""A method's scores: one finite number a channel, low = remove."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.tasks import Group, Scores
from reidbench.engine.pruning.contract import described, naming
from reidbench.engine.pruning.ranking import Ranking
from reidbench.errors import MethodError


def score_groups(method: Method, ranking: Ranking) -> dict[str, Tensor]:
    """Return the method's scores of every group of the ranking, float64 on the CPU.

    Raises:
        MethodError: scores of the wrong shape or not finite, naming method and layer; a group that
            the method cannot score; or gradients that are 0 for every channel of the network.
    """
    with naming(ranking.method):
        method.prepare(ranking)
    scores = {}
    for group in ranking.groups:
        with naming(ranking.method, group.name):
            values = method.scores(group, ranking)
        scores[group.name] = _checked(values, group, ranking.method)
    # One layer alone may be dead; of all, ties would go by position and empty the first layers.
    if ranking.rests_on_the_loss and len(scores) > 1 and not any(map(torch.any, scores.values())):
        raise MethodError(
            f"method '{ranking.method}' scores every channel 0: the loss of the calibration images "
            "has no gradient, as a triplet loss that all of them satisfy; prune before the loss is "
            "0, or use a protocol that trains with an identity loss"
        )
    return scores


def checked_scores(scores: Scores, groups: Sequence[Group], method: str) -> dict[str, Tensor]:
    """Return scores that a method passed in itself, float64 on the CPU, in the groups' order.

    Raises:
        MethodError: groups that lack scores or are out of scope, or scores of the wrong shape or
            not finite.
    """
    if differing := sorted({group.name for group in groups} ^ set(scores)):
        raise MethodError(
            f"method '{method}': its scores and the groups in scope differ in "
            f"{', '.join(differing[:3])}; score every group of task.groups"
        )
    return {group.name: _checked(scores[group.name], group, method) for group in groups}


def _checked(values: object, group: Group, method: str) -> Tensor:
    if not isinstance(values, Tensor) or values.shape != (group.size,):
        raise MethodError(
            f"method '{method}': scores of '{group.name}' must be a tensor "
            f"({group.size},), one a channel, not {described(values)}; correct its scores()"
        )
    if not torch.isfinite(values).all():
        bad = int((~torch.isfinite(values)).nonzero()[0])
        raise MethodError(
            f"method '{method}': channel {bad} of '{group.name}' scores "
            f"{float(values[bad])}; scores must be finite: correct its scores()"
        )
    return values.detach().double().cpu()
