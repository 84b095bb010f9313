"""Prune anybody's network to a share of its MACs: ranked, solved, cut on a copy, verified."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from torch import Tensor, nn

from reidbench.engine.channels import (
    ChannelGraph,
    PruningPlan,
    Scope,
    parameters,
    proven,
    remove,
    solve,
)
from reidbench.engine.channels.budget import Allocation
from reidbench.engine.deployment.export import Exported, export
from reidbench.engine.deployment.report import Report
from reidbench.engine.deployment.saved import save_network
from reidbench.engine.deployment.scoring import Criterion, Loss, rank
from reidbench.engine.deployment.verify import verified_difference
from reidbench.engine.pruning.contract import refits
from reidbench.engine.pruning.refitting import refit
from reidbench.engine.weights import refuse_without_values
from reidbench.errors import ReidbenchError, did_you_mean

Size: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Pruned:
    """A smaller network, and what was done to it.

    Attributes:
        network: the smaller network; the one that was given is as it was.
        plan: which channels of every group stay.
        report: costs and widths before and after, and why groups stayed whole.
        size: channels, height and width of the images it was pruned for.

    """

    network: nn.Module
    plan: PruningPlan
    report: Report
    size: Size

    def save(self, folder: Path | str) -> Path:
        """Write plan, weights (safetensors) and report into ``folder``, made if it is missing.

        ``reidbench.load`` reads them back.
        """
        return save_network(Path(folder), self.network, self.plan, self.report, self.size)

    def export(self, file: Path | str, *, to: str | None = None) -> Exported:
        """Write the network for other runtimes, as the file's ending or ``to`` says.

        See ``reidbench.engine.deployment.export.export``.
        """
        metadata = {"size": list(self.size), "report": self.report.document()}
        return export(self.network, file, size=self.size, to=to, metadata=metadata)


@dataclass(frozen=True)
class Target:
    """How far a network is pruned, and where; the fields are arguments of ``prune``."""

    size: Sequence[int]
    reduction: float
    scope: Scope
    allocation: Allocation
    keep: Sequence[str]
    round_to: int
    min_keep: float

    def solve(self, graph: ChannelGraph, scores: Mapping[str, Tensor]) -> PruningPlan:
        """Return the plan that scores by group lead to."""
        return solve(
            graph,
            scores,
            reduction=self.reduction,
            allocation=self.allocation,
            scope=self.scope,
            min_keep=self.min_keep,
            round_to=self.round_to,
        )


def prune(
    network: nn.Module,
    *,
    size: Sequence[int],
    reduction: float,
    method: str = "l1",
    options: Mapping[str, Any] | None = None,
    batches: Iterable[Any] | None = None,
    loss: Loss | None = None,
    scope: Scope = "all",
    allocation: Allocation = "uniform",
    keep: Sequence[str] = (),
    round_to: int = 8,
    min_keep: float = 0.05,
    verify: bool = True,
    seed: int = 0,
    retrain: Callable[[nn.Module], object] | None = None,
) -> Pruned:
    """Return a copy of ``network`` at ``1 - reduction`` of its MACs; ``network`` stays as it is.

    Args:
        network: images (n, C, H, W) to a tensor, or to tuples and dicts of tensors.
        size: (C, H, W) of its images.
        reduction: the share of multiply-accumulates to remove, in [0, 1).
        method: a registered method that scores channels.
        options: of the method.
        batches: images, or pairs of images and labels, for methods that look at data.
        loss: ``loss(outputs, labels)``, a scalar, for methods that look at gradients.
        scope: ``all`` channels, or ``inner`` for those inside residual blocks alone.
        allocation: the same share of every group (``uniform``), or all ranked together.
        keep: names of modules whose channels stay, with wildcards: ``head.*``.
        round_to: widths end on multiples of it: kernels are faster on 8 or 16.
        min_keep: the share of its channels that every group keeps at least.
        verify: prove that the smaller network computes what the masked one does.
        seed: of methods that draw random numbers.
        retrain: called with the smaller network, to train it in place.

    Raises:
        ReidbenchError: in a sentence: the network cannot be read or cut, the reduction is out of
            reach, data are missing, or an argument is not as described.

    """
    target = Target(size, reduction, scope, allocation, keep, round_to, min_keep)
    criterion = Criterion(method, options or {}, batches, loss, allocation, seed)
    pruned = _pruned(network, target, criterion, verify)
    if retrain is not None:
        retrain(pruned.network)
    return pruned


def _pruned(network: nn.Module, target: Target, criterion: Criterion, verify: bool) -> Pruned:
    small = _copied(network)
    graph = proven(small, _size(target.size), keep=target.keep)
    _refuse_unknown(target.keep, graph)
    solved = partial(target.solve, graph)
    ranked = rank(small, graph, target.scope, target.reduction, criterion, solved)
    plan = solved(ranked.scores)
    if refits(ranked.method):
        refit(ranked.method, small, plan, ranked.ranking)
    difference = verified_difference(small, graph, plan) if verify else None
    report = _report(criterion.name, small, graph, plan, target)
    remove(small, graph, plan)
    report = replace(report, parameters=parameters(small), difference=difference)
    return Pruned(small, plan, report, graph.input_size)


def _refuse_unknown(keep: Sequence[str], graph: ChannelGraph) -> None:
    owners = {cut.owner for group in graph.groups for cut in group.producers}
    for pattern in keep:
        if not any(fnmatchcase(owner, pattern) for owner in owners):
            raise ReidbenchError(
                f"keep: no layer is called '{pattern}'{did_you_mean(pattern, owners)}"
            )


def _copied(network: nn.Module) -> nn.Module:
    if not isinstance(network, nn.Module):
        raise ReidbenchError(f"a network must be a torch.nn.Module, not {type(network).__name__}")
    refuse_without_values(network)
    try:
        return copy.deepcopy(network)
    except Exception as error:
        raise ReidbenchError(
            f"{type(network).__name__} cannot be copied ({error}); give one that has not run with "
            "gradients, or whose tensors are parameters and buffers"
        ) from error


def _size(size: Sequence[int]) -> Size:
    whole = isinstance(size, Sequence) and all(type(n) is int and n > 0 for n in size)
    if not whole or len(size) != 3:
        raise ReidbenchError(
            f"size {size!r} must be three whole numbers: channels, height and width of an image, "
            "as in (3, 256, 128)"
        )
    channels, height, width = size
    return channels, height, width


def _report(
    method: str, network: nn.Module, graph: ChannelGraph, plan: PruningPlan, target: Target
) -> Report:
    dense_parameters = parameters(network)
    return Report(
        method=method,
        reduction=target.reduction,
        dense_macs=graph.macs.total(),
        macs=graph.macs.total(plan.widths),
        dense_parameters=dense_parameters,
        parameters=dense_parameters,
        widths={name: (plan.sizes[name], width) for name, width in plan.widths.items()},
        whole=_whole(graph, plan, target),
        round_to=target.round_to,
        difference=None,
    )


def _whole(graph: ChannelGraph, plan: PruningPlan, target: Target) -> dict[str, str]:
    """Return why a group lost nothing, by group."""
    allowed = {group.name for group in graph.in_scope(target.scope)}
    reasons = {}
    for group in graph.groups:
        if not group.producers or group.name in plan.dropped:
            continue
        if group.name in allowed:
            narrow = group.size * group.unit < 2 * target.round_to
            reasons[group.name] = "too narrow for round_to" if narrow else "ranked above the cut"
        elif group.prunable:
            reasons[group.name] = f"outside scope '{target.scope}'"
        else:
            reasons[group.name] = "; ".join(group.kept_by) or "its channels are made by no layer"
    return reasons
