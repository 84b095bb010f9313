"""Each type of node is run by its own function, and an unknown one is refused."""

from __future__ import annotations

from dataclasses import fields

import pytest

from reidbench.engine.phases import run_phase
from reidbench.plan import LoadNode, Node, TrainNode
from tests.engine.phases.world import World


def test_nodes_of_each_type_leave_what_their_kind_makes(fresh: World) -> None:
    trained = fresh.train()
    common = (fresh.rules, fresh.data, fresh.backbone, fresh.seed, None, None)
    loaded = LoadNode(*common, "imagenet")
    cut = fresh.prune(network=trained)
    for node in (trained, loaded, cut, fresh.measure(cut)):
        run_phase(node, fresh.context())
        assert fresh.store.meta(node.key)["kind"] == node.kind


def test_a_node_of_an_unknown_type_is_refused_and_leaves_nothing(fresh: World) -> None:
    class Distil(TrainNode):
        pass

    train = fresh.train()
    node: Node = Distil(**{one.name: getattr(train, one.name) for one in fields(train)})
    with pytest.raises(TypeError, match="no phase runs a Distil; expected one of LoadNode, "):
        run_phase(node, fresh.context())
    assert not fresh.store.has(node.key)
