"""Any network of timm as a backbone: made for the protocol's image size, up to pooled features.

``timm:NAME`` in a suite. The target and loader of a record are attributes of this module, made when
they are asked for: ``NAME`` builds, and ``load_NAME`` loads a file of weights.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from reidbench.api import BackboneRecord, WeightsError, load_backbone

_LOAD = "load_"


def record(name: str) -> BackboneRecord:
    """Return the record of one of timm's architectures; timm's version is part of its own.

    Raises:
        LookupError: timm has no such architecture, or the name has a tag of weights.
    """
    architecture, dot, tag = name.partition(".")
    if not timm.is_model(architecture):
        close = get_close_matches(architecture, timm.list_models(), n=1)
        hint = f"; did you mean 'timm:{close[0]}'?" if close else ""
        raise LookupError(f"timm {timm.__version__} has no network '{architecture}'{hint}")
    if dot:
        raise LookupError(
            f"'{tag}' names weights: write 'timm:{architecture}', and give them as a file under "
            "'source: weights:'"
        )
    return BackboneRecord(
        name=f"timm:{name}",
        version=f"1-timm-{timm.__version__}",
        summary=f"timm's {name}, ending at its pooled features.",
        reference="Wightman, PyTorch Image Models, https://github.com/huggingface/pytorch-image-models",
        target=f"{__name__}:{name}",
        loader=f"{__name__}:{_LOAD}{name}",
        sized=True,
        needs="reidbench[timm]",
    )


def __getattr__(name: str) -> Callable[..., Any]:
    if name.startswith(_LOAD):
        return partial(load, name.removeprefix(_LOAD))
    if timm.is_model(name):
        return partial(create, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def create(name: str, *, size: tuple[int, int, int] = (3, 224, 224)) -> nn.Module:
    """Return a freshly initialised network: images of ``size`` to pooled features (n, d).

    Networks that are made for one image size, as most transformers, are made for this one.

    Raises:
        ValueError: it cannot be made for this size.
    """
    height, width = size[1:]
    settings: dict[str, Any] = (
        {"img_size": (height, width)} if _setting(name, "fixed_input_size") else {}
    )
    try:
        network: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, **settings)
        with torch.no_grad():
            features = network.eval()(torch.zeros(1, *size))
    # timm and its networks refuse a size by assertions, TypeErrors and errors of torch alike.
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"timm's {name} takes no images of {height} x {width} ({lines[0][:160]}); use a "
            "protocol with larger images, or of a size it takes, or another network"
        ) from error
    if features.ndim != 2:
        shape = tuple(features.shape)
        raise ValueError(f"timm's {name} gives features {shape}, not (n, d): it is no extractor")
    return network.train()


def load(name: str, network: nn.Module, weights: str | Path) -> Tensor | None:
    """Load a file in timm's format, position embeddings resampled to the network's size.

    Raises:
        WeightsError: a word, or a file that does not fit; nothing is loaded then.
    """
    if not isinstance(weights, Path):
        hub = _setting(name, "hf_hub_id")
        place = f"from https://huggingface.co/{hub} " if hub else ""
        raise WeightsError(
            f"timm's weights are no word here, as '{weights}': download the file of {name} {place}"
            "and give its path"
        )
    own = _setting(name, "classifier") or ()
    classifier = tuple(f"{it}." for it in ((own,) if isinstance(own, str) else own))
    return load_backbone(
        network,
        weights,
        name=f"timm's {name}",
        classifier=classifier,
        convert=partial(_converted, network),
    )


def _converted(network: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state as the network's own module of timm converts those of older releases."""
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    try:
        return state if convert is None else dict(convert(state, network))
    except Exception as error:
        raise WeightsError(
            f"timm cannot read these weights ({type(error).__name__}: {error}); give a file of "
            "this network"
        ) from error


def _setting(name: str, key: str) -> Any:
    """Return what timm publishes of an architecture's default weights; None if it has none."""
    published = timm.get_pretrained_cfg(name)
    return getattr(published, key, None)
