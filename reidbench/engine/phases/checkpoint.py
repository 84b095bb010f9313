"""Networks in the store: plan, backbone and head, reloaded without pickle and without guessing."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from reidbench.engine.channels import (
    ChannelGraph,
    PruningPlan,
    SavedNetworkError,
    apply_saved,
    read_plan,
    save_pruned,
    write_tensors,
)
from reidbench.engine.training import Network, build_network, derived_seed
from reidbench.plan import LoadNode, PhaseNode
from reidbench.store import Store

HEAD_FILE = "head.safetensors"
PRUNED = "pruned"
"""Sub-folder that holds the network as it was right after the cut, before retraining."""


def save_network(folder: Path, network: Network, plan: PruningPlan) -> None:
    """Write a network; ``plan`` leads from the dense backbone to this one."""
    save_pruned(folder, network.backbone.state_dict(), plan)
    head = {name: tensor.cpu().contiguous() for name, tensor in _head(network).items()}
    write_tensors(folder / HEAD_FILE, head)


def load_network(
    folder: Path,
    network: Network,
    input_size: tuple[int, int, int],
    *,
    classifier: bool,
    graph: ChannelGraph | None = None,
) -> PruningPlan:
    """Prune a freshly built ``network`` as saved in ``folder``, load its weights, return the plan.

    ``classifier`` says whether to load the classifier too: one of another data set is of no use.
    ``graph`` is the backbone's, if it is at hand.

    Raises:
        SavedNetworkError: the saved network is not of this architecture.
    """
    apply_saved(folder, network.backbone, input_size, graph)
    head: dict[str, Tensor] = load_file(folder / HEAD_FILE)
    if odd := sorted(_head(network).keys() ^ head.keys()):
        raise SavedNetworkError(
            f"{folder / HEAD_FILE}: the saved head and this network's differ in {', '.join(odd)}; "
            "load it under the protocol it was trained with"
        )
    if not classifier:
        head = {name: head[name] for name in head if not name.startswith("classifier.")}
    network.load_state_dict(head, strict=False)  # the backbone is loaded already
    return read_plan(folder)


def _head(network: Network) -> dict[str, Tensor]:
    state = network.state_dict()
    return {name: state[name] for name in state if not name.startswith("backbone.")}


def starting_network(
    node: PhaseNode, identities: int, store: Store, graph: ChannelGraph | None = None
) -> tuple[Network, PruningPlan | None]:
    """Return the network a phase begins with, and its plan: its input's, or untrained and None."""
    network = fresh_network(node, identities)
    if node.network is None:
        return network, None
    same_data = node.network.data.document() == node.data.document()
    if isinstance(node.network, LoadNode):
        # Published weights bring the classifier of all classes, or none.
        same_data = same_data and store.meta(node.network.key)["classes"] == identities
    store.mark_used(node.network.key)
    plan = load_network(
        store.folder(node.network.key),
        network,
        node.rules.input.size,
        classifier=same_data,
        graph=graph,
    )
    return network, plan


def fresh_network(node: PhaseNode, identities: int) -> Network:
    """Return the dense network with the initial weights of the node's seed."""
    return build_network(
        node.backbone.build,
        node.rules.input.size,
        identities,
        bnneck=node.rules.training.bnneck,
        seed=derived_seed(node.seed, "initial weights"),
    )
