"""Sandboxes for methods: a toy data set, a network, a protocol of few steps, a real prune phase."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from torch import Tensor, nn

from reidbench.api.records import BackboneRecord, DatasetRecord, MethodRecord
from reidbench.config.protocol import Protocol, load_protocol
from reidbench.engine.channels import ChannelGraph, Scope, capture, highest_reduction
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.prune import begin_prune
from reidbench.engine.phases.train import make_trainer, run_train
from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import generator
from reidbench.engine.training.seeds import isolated
from reidbench.plan import Configured, ConfiguredData, ConfiguredMethod, PruneNode, TrainNode
from reidbench.plugins import Component, Plugin
from reidbench.store import Store
from reidbench.testing.recording import restored

_GRAPHS: dict[Hashable, ChannelGraph] = {}


def shared_capture(module: nn.Module, input_size: tuple[int, int, int]) -> ChannelGraph:
    """Return the graph of a module, captured once a process for each structure.

    For modules whose forward pass is given by their classes, their printed settings and the
    shapes of their tensors, as that of the toy networks is.
    """
    parts = dict(module.named_modules())
    key = (
        input_size,
        str(module),
        *((name, type(part), vars(part).get("forward")) for name, part in parts.items()),
        *((name, tensor.shape, tensor.device) for name, tensor in module.state_dict().items()),
    )
    if key not in _GRAPHS:
        _GRAPHS[key] = capture(module, input_size)
    return _GRAPHS[key]


SEED = 0
_TOYS = "reidbench.testing.toys:"
_OWNER = Plugin("testing", "reidbench-testing", "1")


def _drawn(version: str, loader: str) -> DatasetRecord:
    # One name, because seeds depend on it; variants differ in their versions, and so in the store.
    target = f"{_TOYS}{loader}"
    return DatasetRecord(
        name="drawn", version=version, summary="-", reference="-", target=target, drawn=True
    )


def _network(name: str) -> BackboneRecord:
    target = f"{_TOYS}{name}"
    return BackboneRecord(name=name, version="1", summary="-", reference="-", target=target)


SMALL = _network("tiny")
PEOPLE = _drawn("1", "people")
FORBIDDEN_TESTS = _drawn("forbidden", "people_with_forbidden_tests")
GREY = _drawn("grey", "grey_people")


@dataclass(frozen=True)
class Sandbox:
    """The conditions of a prune phase in which a method is checked.

    Attributes:
        backbone: the network that is pruned.
        scope: which groups may be cut.
        data: the images.
        trained: whether phases start from a network that was trained a little.
        alone: whether each calibration batch holds one image.
    """

    backbone: BackboneRecord = SMALL
    scope: Scope = "inner"
    data: DatasetRecord = PEOPLE
    trained: bool = True
    alone: bool = False

    def __str__(self) -> str:
        return f"the {self.backbone.name} network (scope '{self.scope}')"

    @property
    def rules(self) -> Protocol:
        """The protocol of its phases."""
        return _rules(self.scope, self.alone)

    def pristine(self, *, initial: bool) -> Pruning:
        """Return the shared phase of a method that does nothing, which others start from."""
        return _pristine(self, initial)

    def begin(self, record: MethodRecord, reduction: float | None = None) -> Pruning:
        """Return a new prune phase; by default to half the MACs, if that is within reach."""
        initial = record.prunes == "initial"
        new = _pristine(self, initial)
        configured = _configured_method(record)
        if reduction is None:
            reduction = _within_reach(new)
        node = replace(new.node, method=configured, reduction=reduction)
        network = copy.deepcopy(new.prunable.network)
        with restored([], ""):
            method = configured.build()
        context = new_context()
        images = context.train_images(node.data, node.protocol.input)
        prunable = replace(
            new.prunable, network=network, calibration=_copied(new), capture=shared_capture
        )
        return replace(
            new,
            node=node,
            method=method,
            prunable=prunable,
            trainer=make_trainer(node, network, images, context),
            random=generator(SEED, "ranking"),
            stopwatch=Stopwatch(),
        )

    def context(self) -> PhaseContext:
        """Return a new context, which knows the graphs of the toy networks."""
        context = new_context()
        if self.backbone.target.startswith(_TOYS):
            context.capture = shared_capture
        return context

    def node(self, record: MethodRecord, reduction: float, *, initial: bool) -> PruneNode:
        """Return the prune phase's node, its base network trained and in the store."""
        rules, context = self.rules, self.context()
        data = ConfiguredData(Component(self.data, _OWNER), self.data.settings({}))
        backbone = Configured(Component(self.backbone, _OWNER), self.backbone.settings({}))
        base = None
        if self.trained and not initial:
            base = TrainNode(rules, data, backbone, SEED, None, "train")
            if not context.store.has(base.key):
                run_train(base, context)
        method = _configured_method(record)
        budget: Literal["prune"] | None = None if initial else "prune"
        return PruneNode(rules, data, backbone, SEED, base, budget, method, reduction)


TINY = Sandbox()
AWKWARD = Sandbox(backbone=_network("awkward"), trained=False)


# A capture takes seconds for a large network; a few hundred checks share it.
@lru_cache(maxsize=8)
def _pristine(sandbox: Sandbox, initial: bool) -> Pruning:
    """Return a phase of a method that does nothing, for others to start from."""
    record = MethodRecord(
        name="none", version="1", summary="-", reference="-", target="reidbench.api.method:Method"
    )
    # Independent of the caller's global random states.
    with isolated(SEED):
        phase = begin_prune(sandbox.node(record, 0.5, initial=initial), sandbox.context())
    if sandbox.alone:
        batches = phase.prunable.calibration
        phase.prunable.calibration = [
            (images[index : index + 1], labels[index : index + 1])
            for images, labels in batches
            for index in range(len(images))
        ]
    return phase


def _copied(phase: Pruning) -> list[tuple[Tensor, Tensor]]:
    return [(images.clone(), labels.clone()) for images, labels in phase.prunable.calibration]


def _within_reach(phase: Pruning) -> float:
    rules = phase.node.protocol.pruning
    reachable = highest_reduction(phase.prunable.dense, rules.scope, rules.min_keep)
    return 0.5 if reachable >= 0.5 else 0.5 * reachable


def _configured_method(record: MethodRecord) -> ConfiguredMethod:
    component = Component(record, _OWNER)
    return ConfiguredMethod(component, record.settings({}), record.strategy, record.allocation)


@cache
def _rules(scope: Scope, alone: bool) -> Protocol:
    """Return a protocol like ``smoke/1``: twelve steps a prune phase, of eight images."""
    rules: dict[str, Any] = load_protocol("smoke/1").model_dump()
    rules["budgets"] = {"train": {"epochs": 1}, "prune": {"epochs": 2}}
    rules["training"]["batch"] = {"identities": 4, "images": 2}
    # A batch norm on embeddings cannot take statistics of one image.
    rules["training"]["bnneck"] = not alone
    rules["pruning"].update(
        scope=scope, rounds=3, soft_rounds=3, calibration={"images": 16, "batch": 8}
    )
    return Protocol.model_validate(rules)


def new_context() -> PhaseContext:
    """Return a context that has loaded nothing, so that a phase reaches no data but its own."""
    return PhaseContext(Store(Path(_folder().name)), torch.device("cpu"))


@cache
def _folder() -> TemporaryDirectory[str]:
    """Return a folder that is removed when the process ends."""
    return TemporaryDirectory(prefix="reidbench-testing-")
