"""A ranking task over a real network, with the calibration images and the loss of a small one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidbench.api import Group, Method
from reidbench.engine.channels import ChannelGraph, GroupView, capture, view
from reidbench_plugins.backbones.mobilenetv2 import mobilenetv2
from reidbench_plugins.backbones.resnet import resnet18
from reidbench_plugins.methods.peers import RECORDS

SIZE = (3, 64, 32)
NETWORKS = {"resnet18": resnet18, "mobilenetv2": mobilenetv2}
RECORD = {record.name: record for record in RECORDS}


class PeerTask:
    """The :class:`reidbench.api.RankingTask` that the peers look at; refuses undeclared data."""

    def __init__(
        self,
        network: nn.Module,
        groups: Sequence[Group],
        embedding_size: int,
        *,
        data: str = "labels",
        reduction: float = 0.5,
    ) -> None:
        self.network, self.groups, self.reduction = network, groups, reduction
        self.generator = torch.Generator().manual_seed(0)
        self._labels_allowed = data == "labels"
        random = torch.Generator().manual_seed(5)
        self._weight = torch.randn(3, embedding_size, generator=random) / embedding_size**0.5
        self._batches = [
            (torch.randn(4, *SIZE, generator=random), torch.tensor([0, 0, 1, 2])) for _ in range(2)
        ]

    def images(self) -> Iterator[tuple[Tensor, Tensor]]:
        assert self._labels_allowed, "the record says it looks at weights alone"
        return iter(self._batches)

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        assert self._labels_allowed, "the record says it looks at weights alone"
        return functional.cross_entropy(self.network(images) @ self._weight.T, labels)


@cache
def dense(name: str) -> tuple[nn.Module, ChannelGraph]:
    """A network whose batch norms differ, in eval mode, and its capture; copy before changing."""
    torch.manual_seed(0)
    network = NETWORKS[name]()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.2, 0.2)
    return network.eval(), capture(network, SIZE)


def task(
    name: str, scope: str, *, data: str = "labels", reduction: float = 0.5
) -> tuple[PeerTask, ChannelGraph]:
    network, graph = dense(name)
    own = copy.deepcopy(network)
    groups: list[GroupView] = [view(own, graph, group) for group in graph.in_scope(scope)]
    made = PeerTask(own, groups, graph.embedding_size, data=data, reduction=reduction)
    return made, graph


def scored(method: Method, ranking: PeerTask) -> dict[str, Tensor]:
    method.prepare(ranking)
    return {group.name: method.scores(group, ranking) for group in ranking.groups}
