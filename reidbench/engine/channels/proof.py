"""Prove on a copy that what a capture says can go really can (docs/decisions/0019)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf, isnan
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from reidbench.engine.channels.graph import ChannelGraph, ChannelGroup, Scope
from reidbench.engine.channels.masking import mask
from reidbench.engine.channels.plan import PruningPlan
from reidbench.engine.channels.probe import lively_copy
from reidbench.engine.channels.problems import CaptureError
from reidbench.engine.channels.surgery import remove
from reidbench.engine.channels.tracing import capture

IMAGES = 2
NEGLIGIBLE = 1e-8  # of the largest output: rounding is 1e-14, an error of one channel far above
AMPLIFIED = 1e-5  # of the largest output: what rounding may come to in a network that amplifies it
ROUNDING = 1e-13  # of a pixel, relative: more than all layers together round their sums by


def guard(module: nn.Module, graph: ChannelGraph, scope: Scope = "all") -> None:
    """Refuse a network from which channels cannot go as ``graph``, its capture, says.

    On a copy in float64 with lively norms, one channel of every group in ``scope`` goes. The
    rest must capture again with each of them one channel narrower and with the predicted MACs,
    and compute what the copy computes with those channels silenced. ``module`` is untouched.

    Raises ``CaptureError``, which names a group that fails alone and what its code does.
    """
    for group, problem in _refused(module, graph, scope):
        raise CaptureError(_sentence(module, group, problem))


def proven(
    module: nn.Module, input_size: tuple[int, int, int], *, keep: Sequence[str] = ()
) -> ChannelGraph:
    """Capture a network, and keep the channels of every group that the guard refuses.

    The graph says in ``kept_by`` of such a group what is wrong with it.
    """
    kept, reasons = list(keep), dict[str, str]()
    while True:
        graph = capture(module, input_size, keep=kept)
        refused = list(_refused(module, graph))
        if not refused:
            return replace(graph, groups=tuple(_with_reason(g, reasons) for g in graph.groups))
        for group, problem in refused:
            owners = [cut.owner for cut in group.producers]
            if set(owners) <= set(kept):
                raise CaptureError(_sentence(module, group, problem))
            reasons.update(dict.fromkeys(owners, _sentence(module, group, problem)))
        kept += [cut.owner for group, _ in refused for cut in group.producers]


def _with_reason(group: ChannelGroup, reasons: dict[str, str]) -> ChannelGroup:
    found = dict.fromkeys(reasons[cut.owner] for cut in group.producers if cut.owner in reasons)
    return replace(group, kept_by=(*group.kept_by, *found)) if found else group


def _refused(
    module: nn.Module, graph: ChannelGraph, scope: Scope = "all"
) -> Iterator[tuple[ChannelGroup, str]]:
    """Yield the groups that cannot lose a channel, and what goes wrong; nothing if all can."""
    names = [
        group.name
        for group in graph.groups
        if group.prunable and group.size > 1 and (scope == "all" or group.scope == scope)
    ]
    if not names:
        return
    with _double_by_default():
        trial = Trial.of(module, graph)
        if (problem := trial.problem(names)) is not None:
            for culprit, what in _culprits(trial, names, problem):
                yield graph.group(culprit), what


@contextmanager
def _double_by_default() -> Iterator[None]:
    """Make the tensors that a forward creates as precise as the parameters of the copy."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def _culprits(trial: Trial, names: list[str], problem: str) -> Iterator[tuple[str, str]]:
    """Yield every group of some that fail together which fails alone, or one if none does."""
    if len(names) == 1:
        yield names[0], problem
        return
    alone = False
    for part in _parts(trial.graph, names):
        if (found := trial.problem(part)) is not None:
            alone = True
            yield from _culprits(trial, part, found)
    if not alone:
        yield names[0], problem


def _parts(graph: ChannelGraph, names: list[str]) -> tuple[list[str], list[str]]:
    """Split names: those with an assumption from the others, or else in halves.

    What fails mostly fails at once, while what passes takes a capture: so the others pass together.
    """
    suspects = [name for name in names if graph.group(name).assumed]
    if 0 < len(suspects) < len(names):
        return suspects, [name for name in names if name not in suspects]
    half = len(names) // 2
    return names[:half], names[half:]


def _sentence(module: nn.Module, group: ChannelGroup, problem: str) -> str:
    cause = "; ".join(group.assumed) or "the code of its forward holds a number of channels"
    return (
        f"channels of group '{group.name}' of {type(module).__name__} cannot be removed"
        f" ({problem}): {cause}; compute that number from the tensor's shape, or keep the channels"
        f" of '{group.name.split('[')[0]}'"
    )


class Tried(NamedTuple):
    """What came of a plan: the problem, if any, and how far outputs were apart, relatively."""

    problem: str | None
    difference: float = inf


@dataclass(frozen=True, eq=False)
class Trial:
    """A lively copy of a network, on which groups are tried."""

    network: nn.Module
    graph: ChannelGraph
    images: Tensor

    @classmethod
    def of(cls, module: nn.Module, graph: ChannelGraph) -> Trial:
        """Return the trial of ``module`` as captured in ``graph``."""
        network, images = lively_copy(module, graph, IMAGES)
        return cls(network, graph, images)

    def problem(self, names: Sequence[str]) -> str | None:
        """Say what goes wrong when one channel of each of ``names`` goes; None if nothing."""
        return self.outcome(_one_less(self.graph, names)).problem

    def outcome(self, plan: PruningPlan, *, again: bool = True) -> Tried:
        """Say what goes wrong with a plan, and how far its network is from the masked one.

        The smaller network must be one that can be pruned again, unless ``again`` is false: a split
        into pieces of 8, say, is ambiguous once another number of its module is 8 as well.
        """
        cut = _shallow_copy(self.network)
        try:
            found = self._smaller(cut, plan, again)
        finally:
            _free(cut)
        return Tried(found) if isinstance(found, str) else self._compared(found, plan)

    def _smaller(self, cut: nn.Module, plan: PruningPlan, again: bool) -> list[Tensor] | str:
        """Return what a copy puts out without the channels of a plan, or say what goes wrong."""
        try:
            remove(cut, self.graph, plan)
        except Exception as error:
            return f"removing one fails: {_in_words(error)}"
        running: list[str] = []
        try:
            with _noting_modules(cut, running):
                found = outputs_of(cut, self.images)
            captured = capture(cut, self.graph.input_size)
        except Exception as error:
            place = f"in module '{running[-1]}'" if running and running[-1] else "in the network"
            return f"without one, {place}: {_in_words(error)}"
        unlike = self._other_widths(captured, plan, again) or self._other_macs(captured, plan)
        return unlike or found

    def _other_widths(self, captured: ChannelGraph, plan: PruningPlan, again: bool) -> str | None:
        expected, widths = plan.widths, captured.widths
        kept = {group.name for group in self.graph.groups if not group.prunable}
        names = (*expected, *(set(widths) - kept)) if again else expected.keys() & widths.keys()
        for name in names:
            found = widths.get(name)
            # A last channel stays in any case, so a capture may as well keep it for what reads it.
            if found is None and expected.get(name) == 1:
                continue
            if found != expected.get(name):
                return (
                    f"the smaller network has {found or 'no'} channels in group '{name}' instead"
                    f" of {expected.get(name, 'none')}"
                )
        return None

    def _other_macs(self, captured: ChannelGraph, plan: PruningPlan) -> str | None:
        predicted, found = self.graph.macs.total(plan.widths), captured.macs.total()
        if predicted != found:
            return f"the smaller network costs {found} multiply-accumulates instead of {predicted}"
        return None

    def _compared(self, found: Sequence[Tensor], plan: PruningPlan) -> Tried:
        apart, scale = self.apart(found, plan)
        relative = apart / scale if scale else apart
        # Not "apart > ...", which a NaN would pass.
        if apart <= NEGLIGIBLE * scale:
            return Tried(None, relative)
        if apart <= AMPLIFIED * scale and apart <= self._rounding(plan):
            return Tried(None, relative)
        words = f"the smaller network computes something else, by {apart:.2g} of {scale:.2g}"
        return Tried(words, relative)

    def _rounding(self, plan: PruningPlan) -> float:
        """Return how far outputs move when images do by rounding; fresh networks amplify it."""
        masked = copy.deepcopy(self.network)
        mask(masked, self.graph, plan)
        random = torch.Generator().manual_seed(1)
        noise = torch.randn(self.images.shape, generator=random, dtype=self.images.dtype)
        moved = self.images * (1 + ROUNDING * noise.to(self.images.device))
        return difference(outputs_of(masked, moved), outputs_of(masked, self.images))[0]

    def apart(self, found: Sequence[Tensor], plan: PruningPlan) -> tuple[float, float]:
        """Return how far outputs are from the network's with the channels of ``plan`` silenced."""
        masked = copy.deepcopy(self.network)
        mask(masked, self.graph, plan)
        return difference(found, outputs_of(masked, self.images))


def _shallow_copy(network: nn.Module) -> nn.Module:
    """Return a copy with the numbers of the same parameters: removal replaces, and changes none."""
    shared = {
        id(own): nn.Parameter(own.detach(), requires_grad=own.requires_grad)
        for own in network.parameters()
        if type(own) is nn.Parameter
    }
    return copy.deepcopy(network, shared)


def _free(network: nn.Module) -> None:
    """Let go of a network's numbers.

    What ``torch.export`` leaves behind holds a captured network until Python next collects all its
    cycles, which in a process with many objects is late.
    """
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data = tensor.new_empty(0)


def _one_less(graph: ChannelGraph, names: Sequence[str]) -> PruningPlan:
    widths = graph.widths
    kept = {name: tuple(range(size)) for name, size in widths.items()}
    for name in names:
        # Neither the first nor the last, whose removal hides a shift by one.
        gone = widths[name] // 3
        kept[name] = tuple(channel for channel in kept[name] if channel != gone)
    return PruningPlan(kept, widths)


def outputs_of(network: nn.Module, images: Tensor) -> list[Tensor]:
    """Return the tensors that a network puts out, in their order."""
    with torch.no_grad(), same_random_numbers():
        leaves = pytree.tree_leaves(network(images))
    return [leaf.detach() for leaf in leaves if isinstance(leaf, Tensor)]


def difference(found: Sequence[Tensor], expected: Sequence[Tensor]) -> tuple[float, float]:
    """Return the largest difference between outputs, and the largest expected value of these.

    Infinite where shapes differ. Of several outputs, those that are the most apart count.
    """
    if [one.shape for one in found] != [one.shape for one in expected]:
        return inf, 1.0
    pairs = [
        (float((one - other).abs().max()), float(other.abs().max()))
        for one, other in zip(found, expected, strict=True)
        if other.numel()
    ]
    # A NaN compares as nothing: it comes first.
    return max(pairs, key=lambda pair: (isnan(pair[0]), pair[0] / (pair[1] or 1.0)))


def _left(running: list[str]) -> None:
    running.pop()


@contextmanager
def _noting_modules(network: nn.Module, running: list[str]) -> Iterator[None]:
    """Keep in ``running`` the paths of the modules whose forward has begun and not ended."""
    hooks = []
    for path, part in network.named_modules():
        enter = part.register_forward_pre_hook(lambda *_, path=path: running.append(path))
        hooks += [enter, part.register_forward_hook(lambda *_: _left(running))]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """Draw the same random numbers in every such block, and leave the global ones alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def _in_words(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."
