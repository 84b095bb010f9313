"""Prune anybody's network to a share of its MACs: ranked, solved, cut on a copy, verified."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from torch import nn

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

        :func:`reidbench.load` reads them back.
        """
        return save_network(Path(folder), self.network, self.plan, self.report, self.size)

    def export(self, file: Path | str, *, to: str | None = None) -> Exported:
        """Write the network for other runtimes, as the file's ending or ``to`` says.

        See :func:`reidbench.engine.deployment.export.export`.
        """
        metadata = {"size": list(self.size), "report": self.report.document()}
        return export(self.network, file, size=self.size, to=to, metadata=metadata)


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
    retrain: Callable[[nn.Module], object] | None = None,
    verify: bool = True,
    seed: int = 0,
) -> Pruned:
    """Return a copy of ``network`` at ``1 - reduction`` of its MACs; ``network`` stays as it is.

    Args:
        network: images (n, C, H, W) to a tensor, or to tuples and dicts of tensors, in eval mode.
        size: (C, H, W) of its images.
        reduction: the share of multiply-accumulates to remove, in [0, 1).
        method: a registered pruning method that scores channels (``reidbench plugins``).
        options: the method's options, its defaults filled in.
        batches: images (n, C, H, W), or pairs of images and labels, for methods that look at data.
        loss: ``loss(outputs, labels)``, a scalar, for methods that look at gradients.
        scope: ``all`` channels, or ``inner`` for those inside residual blocks alone.
        allocation: the same share of every group (``uniform``), or all ranked together.
        keep: names of modules whose channels stay, with wildcards: ``head.*``.
        round_to: widths end on multiples of it; kernels are faster on 8 or 16. 1: any width.
        min_keep: the share of its channels that every group keeps at least.
        retrain: called with the smaller network, to train it in place.
        verify: prove that the smaller network computes what the masked one does.
        seed: for methods that draw random numbers.

    Raises:
        CaptureError: the network cannot be read, with the operation and the module.
        ImpossibleReduction: the scope does not reach the reduction.
        MethodError: the method needs data that is not given, or cannot score a group.
        ReidbenchError: another argument that is not as described.

    """
    small = _copied(network)
    graph = proven(small, _size(size), keep=keep)
    _refuse_unknown(keep, graph)
    solved = partial(
        solve,
        graph,
        reduction=reduction,
        allocation=allocation,
        scope=scope,
        min_keep=min_keep,
        round_to=round_to,
    )
    criterion = Criterion(method, options or {}, batches, loss, allocation, seed)
    ranked = rank(small, graph, scope, reduction, criterion, solved)
    plan = solved(ranked.scores)
    if refits(ranked.method):
        refit(ranked.method, small, plan, ranked.ranking)
    difference = verified_difference(small, graph, plan) if verify else None
    report = _report(method, small, graph, plan, reduction, scope, round_to)
    remove(small, graph, plan)
    report = replace(report, parameters=parameters(small), difference=difference)
    if retrain is not None:
        retrain(small)
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
    method: str,
    network: nn.Module,
    graph: ChannelGraph,
    plan: PruningPlan,
    reduction: float,
    scope: Scope,
    round_to: int,
) -> Report:
    dense_parameters = parameters(network)
    return Report(
        method=method,
        reduction=reduction,
        dense_macs=graph.macs.total(),
        macs=graph.macs.total(plan.widths),
        dense_parameters=dense_parameters,
        parameters=dense_parameters,
        widths={name: (plan.sizes[name], width) for name, width in plan.widths.items()},
        whole=_whole(graph, plan, scope, round_to),
        round_to=round_to,
        difference=None,
    )


def _whole(graph: ChannelGraph, plan: PruningPlan, scope: Scope, round_to: int) -> dict[str, str]:
    """Return why a group lost nothing, by group."""
    allowed = {group.name for group in graph.in_scope(scope)}
    reasons = {}
    for group in graph.groups:
        if not group.producers or group.name in plan.dropped:
            continue
        if group.name in allowed:
            narrow = group.size < 2 * round_to
            reasons[group.name] = "too narrow for round_to" if narrow else "ranked above the cut"
        elif group.prunable:
            reasons[group.name] = f"outside scope '{scope}'"
        else:
            reasons[group.name] = "; ".join(group.kept_by) or "its channels are made by no layer"
    return reasons
