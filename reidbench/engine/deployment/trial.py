"""The network of a trial, as it was measured: backbone, neck, and the preprocessing before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from reidbench.config.own_protocol import protocol_of
from reidbench.config.protocol import Protocol, load_protocol, locked
from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import PRUNED, load_network
from reidbench.engine.phases.evaluate import as_measured
from reidbench.engine.retrieval import extract
from reidbench.engine.training import build_network
from reidbench.engine.training.augment import normalise
from reidbench.engine.training.pictures import rgb_pixels
from reidbench.errors import ReidbenchError
from reidbench.plan import Configured
from reidbench.plugins import Component, Registry, discover
from reidbench.results import read_result
from reidbench.store import Store, store_folder

Picture: TypeAlias = "Path | str | Image.Image"
_KEY = re.compile(r"[0-9a-f]{16}")
_HAVE_NETWORKS = ("train", "prune", "load")


class TrialError(ReidbenchError):
    """A trial whose network is not there, or was made by plugins that are not installed."""


@dataclass(frozen=True, eq=False)
class LoadedTrial:
    """A trial's network in eval mode, as it was measured.

    Attributes:
        network: normalised images (n, 3, height, width) to embeddings (n, d), neck included.
        plan: which channels of the dense backbone it keeps.
        protocol: the rules it was trained and measured under.
        key: the key of its phase in the store.
        backbone: the backbone's name, with the options that differ from its defaults.
        dense: makes the dense network, neck included, with weights of no meaning.

    """

    network: nn.Module
    plan: PruningPlan
    protocol: Protocol
    key: str
    backbone: str
    dense: Callable[[], nn.Module]

    @property
    def size(self) -> tuple[int, int, int]:
        """Channels, height and width of the images it takes."""
        return self.protocol.input.size

    def preprocess(self, pictures: Iterable[Picture]) -> Tensor:
        """Return pictures, files or images of any size, as the network takes them.

        Float32 (n, 3, height, width): RGB, resized (bilinear), scaled and normalised exactly as
        the images that were measured.
        """
        _, height, width = self.size
        pixels = np.stack([_pixels(picture, height, width) for picture in pictures])
        return normalise(torch.from_numpy(pixels), self.protocol.input)

    def embed(self, pictures: Sequence[Picture]) -> Tensor:
        """Return the embeddings (n, d), float32, of pictures in batches of the protocol's size."""
        size = self.protocol.evaluation.batch
        device = next(self.network.parameters()).device
        batches = (
            self.preprocess(pictures[start : start + size]).to(device)
            for start in range(0, len(pictures), size)
        )
        with as_measured(self.protocol, device):
            return extract(self.network, batches)


def load_trial(
    trial: Path | str,
    *,
    store: Path | str | None = None,
    state: str = "final",
    registry: Registry | None = None,
) -> LoadedTrial:
    """Return the network of a trial, as it was measured.

    Args:
        trial: a result file, or the key of a phase (16 hexadecimal digits).
        store: the folder of the networks; None is that of ``REIDBENCH_STORE``, or ``runs/store``.
        state: ``final``, or ``pruned`` for the network right after the cut.
        registry: the installed plugins, discovered if it is not given.

    Raises:
        TrialError: no network is there, or its backbone or protocol is not installed.
        ResultError: the result file cannot be read.
        SavedNetworkError: the files do not fit the backbone.

    """
    if state not in ("final", "pruned"):
        raise TrialError(f"state '{state}' must be 'final' or 'pruned'")
    kept, key = Store(store_folder(store)), _key(trial)
    notes = _notes(kept, key)
    protocol = _protocol(notes, key)
    named = notes["document"]["backbone"]
    component = _component(registry or discover(), named)
    dense = partial(
        build_network,
        lambda: component.record.build_for(protocol.input.size, named["options"]),
        protocol.input.size,
        identities=1,
        bnneck=protocol.training.bnneck,
        seed=0,
    )
    network = dense()
    folder = kept.folder(key) / PRUNED if state == "pruned" else kept.folder(key)
    if not folder.is_dir():
        raise TrialError(f"{folder}: the network right after the cut was not kept; use the final")
    plan = load_network(folder, network, protocol.input.size, classifier=False)
    label = Configured(component, named["options"]).label
    return LoadedTrial(network.eval(), plan, protocol, key, label, dense)


def _key(trial: Path | str) -> str:
    """Return the key of the phase that made the trial's network."""
    if _KEY.fullmatch(str(trial)) and not Path(trial).exists():
        return str(trial)
    result = read_result(Path(trial))
    if result.status != "done":
        raise TrialError(f"{trial}: the trial is {result.status}, it has no network")
    return result.phases[-1].key


def _notes(store: Store, key: str) -> dict[str, Any]:
    """Return what was noted with the network of ``key``."""
    if not store.has(key):
        raise TrialError(
            f"{store.root}: no network with the key {key}; give the store that the run wrote to, "
            "or run the trial again"
        )
    notes = store.meta(key)
    if notes.get("kind") not in _HAVE_NETWORKS:
        raise TrialError(
            f"{store.root}: {key} is the key of {notes.get('kind', 'something else')}, which has "
            "no network; give a trial's result file, or the key of its last phase"
        )
    return notes


def _protocol(notes: dict[str, Any], key: str) -> Protocol:
    """Return the protocol that a network was made under: published, or kept with the network."""
    digest = notes["document"]["protocol"]
    for name, published in locked().items():
        if published == digest:
            return load_protocol(name)
    if "protocol" in notes:
        return protocol_of(notes["protocol"], key)
    raise TrialError(
        f"{key} was made under a protocol with the digest {digest[:12]}, which this reidbench "
        "does not have; use the version that made it"
    )


def _component(registry: Registry, named: dict[str, Any]) -> Component[Any]:
    """Return the installed backbone that made a network, of the same version."""
    component = registry.backbones.get(named["name"])
    if component.record.version != named["version"]:
        raise TrialError(
            f"backbone '{named['name']}' is installed in version {component.record.version}, and "
            f"the network was made with version {named['version']}; install that"
        )
    if component.owner.distribution != named["distribution"]:
        raise TrialError(
            f"backbone '{named['name']}' is that of {component.owner.distribution} here, and the "
            f"network was made with that of {named['distribution']}; install that"
        )
    return component


def _pixels(picture: Picture, height: int, width: int) -> Any:
    """Return a picture as uint8 (3, height, width), as data sets are decoded."""
    if isinstance(picture, Image.Image):
        return rgb_pixels(picture, height, width)
    with Image.open(picture) as opened:
        return rgb_pixels(opened, height, width)
