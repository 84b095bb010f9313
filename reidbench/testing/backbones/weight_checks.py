"""Checks of a backbone's loader: it loads all of a file, or says that it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from reidbench.api import WeightsError
from reidbench.testing.backbones.candidate import BackboneCandidate, pictures
from reidbench.testing.check import CheckFailed, Refused, trying
from reidbench.testing.recording import same

NO_WORD = "no-such-weights"


def loads_weights(backbone: BackboneCandidate, weights: str | Path | None) -> None:
    """Load a file into a new network: the weights that are given, or its own of another seed."""
    load, network = _loader(backbone), backbone.built(1)
    before = _state(network)
    if weights is not None:
        with trying(backbone.record, f"when it loaded {weights}"):
            classifier = load(network, weights)
        stale = [name for name, tensor in _trained(network) if same(tensor, before[name])]
    else:
        source = backbone.built(2)
        with TemporaryDirectory(prefix="reidbench-testing-") as folder:
            file = Path(folder, "weights.pth")
            torch.save(source.state_dict(), file)
            classifier = _own(backbone, load, network, file)
        wanted = _state(source)
        stale = [name for name, tensor in _trained(network) if not same(tensor, wanted[name])]
    if stale:
        raise CheckFailed(
            f"{backbone}: {backbone.record.loader} returned without an error and left "
            f"{len(stale)} tensors as they were, '{stale[0]}' among them; load every tensor, or "
            "raise reidbench.api.WeightsError"
        )
    _refuse_odd(backbone, classifier)


def refuses_wrong_weights(backbone: BackboneCandidate) -> None:
    """Offer an unknown word and files that are none of its own: each ends with a WeightsError."""
    load = _loader(backbone)
    with TemporaryDirectory(prefix="reidbench-testing-") as folder:
        for what, weights in _wrong(backbone, Path(folder)):
            _refuse(backbone, load, what, weights)


def _refuse(
    backbone: BackboneCandidate, load: Callable[..., Any], what: str, weights: str | Path
) -> None:
    """Fail unless loading ends with a ``WeightsError`` and leaves the network alone."""
    network = backbone.built()
    before = _state(network)
    whose = f"{backbone}: {backbone.record.loader}"
    try:
        load(network, weights)
    except WeightsError:
        after = _state(network)
        changed = [name for name in before if not same(before[name], after[name])]
        if not changed:
            return
        raise CheckFailed(
            f"{whose} refused {what} and had changed '{changed[0]}' already; check names and "
            "shapes before the first tensor is copied"
        ) from None
    except (Exception, SystemExit) as error:
        raise CheckFailed(
            f"{whose} raised {type(error).__name__} for {what}, where reidbench.api.WeightsError "
            "was expected; its sentence is what the user reads"
        ) from error
    raise CheckFailed(
        f"{whose} accepted {what} without an error, so that a trial would start from other weights "
        "than its suite says; raise reidbench.api.WeightsError"
    )


def _wrong(backbone: BackboneCandidate, folder: Path) -> Iterator[tuple[str, str | Path]]:
    """Yield what no loader may take, with words for it."""
    yield f"the unknown word '{NO_WORD}'", NO_WORD
    yield "a file that does not exist", folder / "absent.pth"
    state = _state(backbone.built(2))
    matrices = [name for name, tensor in state.items() if tensor.ndim > 1]
    if not matrices:
        return
    first = matrices[0]
    lacking = {name: tensor for name, tensor in state.items() if name != first}
    torch.save(lacking, folder / "lacking.pth")
    yield f"a file without '{first}'", folder / "lacking.pth"
    torch.save({**state, first: state[first][:-1].clone()}, folder / "shape.pth")
    yield f"a file with another shape of '{first}'", folder / "shape.pth"


def _loader(backbone: BackboneCandidate) -> Callable[..., Any]:
    with trying(backbone.record, "when its loader was imported"):
        load: Callable[..., Any] = backbone.record.weights_loader()
    return load


def _own(
    backbone: BackboneCandidate, load: Callable[..., Any], network: nn.Module, file: Path
) -> object:
    """Load a file of the network's own names; a loader of its publisher's names may refuse it."""
    try:
        with trying(backbone.record, "when it loaded a state dict of its own network"):
            return load(network, file)
    except CheckFailed as error:
        if isinstance(error.__cause__, WeightsError):
            raise Refused(
                f"{backbone}: its loader takes no state dict of its own network "
                f"({error.__cause__}); give the kit a published file: weights=..."
            ) from error
        raise


def _refuse_odd(backbone: BackboneCandidate, classifier: object) -> None:
    width = backbone.embedded(backbone.reference, pictures(backbone.size)).shape[1]
    if classifier is None:
        return
    if not isinstance(classifier, Tensor) or classifier.ndim != 2 or classifier.shape[1] != width:
        got = tuple(classifier.shape) if isinstance(classifier, Tensor) else repr(classifier)
        raise CheckFailed(
            f"{backbone}: {backbone.record.loader} returned {got}, where the weight (classes, "
            f"{width}) of the classifier that came with the file, or None, was expected"
        )


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def _trained(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that differ from network to network: those of several dimensions."""
    return ((name, tensor) for name, tensor in network.state_dict().items() if tensor.ndim > 1)
