"""Export a network and prove that the file computes what the network does."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from reidbench.engine.channels.proof import difference, outputs_of
from reidbench.engine.deployment.export.formats import FORMATS, ExportError
from reidbench.engine.weights import refuse_without_values
from reidbench.errors import did_you_mean, one_line

BATCHES = (1, 3, 8)
"""Batch sizes at which the file and the network are compared."""
TOLERANCE = 1e-4
"""Largest difference over the largest output: kernels add in another order, in float32."""


@dataclass(frozen=True)
class Exported:
    """A file that was written, and how far its outputs are from the network's.

    Attributes:
        file: where it is.
        format: a word of ``FORMATS``.
        differences: the largest relative difference, by batch size.
        size: bytes.

    """

    file: Path
    format: str
    differences: Mapping[int, float]
    size: int


def export(
    network: nn.Module,
    file: Path | str,
    *,
    size: tuple[int, int, int],
    to: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    batches: Sequence[int] = BATCHES,
) -> Exported:
    """Write ``network`` for other runtimes, norms folded and any batch size, and compare.

    ``to`` is ``onnx``, ``pt2``, ``openvino`` or ``state-dict``, told by the file's ending if it is
    not given; the ending is added where it is missing. ``metadata`` is written into the file as
    JSON. ``network`` is not changed.

    Raises:
        WeightsError: the network has no weights.
        ExportError: the format is unknown, its extra is not installed, the network cannot be
            exported, or the file computes something else: then it is removed.

    """
    file = Path(file)
    name = to or _by_suffix(file)
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise ExportError(f"no format '{name}'{did_you_mean(name, FORMATS)} (known: {known})")
    if file.suffix != FORMATS[name].suffix:
        file = file.with_name(file.name + FORMATS[name].suffix)
    refuse_without_values(network)
    own = copy.deepcopy(network).eval().cpu().float()
    file.parent.mkdir(parents=True, exist_ok=True)
    with _quiet(), torch.no_grad():
        try:
            FORMATS[name].write(copy.deepcopy(own), size, file, dict(metadata or {}))
        except ExportError:
            raise
        except Exception as error:
            raise ExportError(
                f"{type(network).__name__} cannot be exported to {name} "
                f"({type(error).__name__}: {one_line(error)[:300]})"
            ) from error
    differences = _differences(own, file, name, size, batches)
    return Exported(file, name, differences, sum(part.stat().st_size for part in _parts(file)))


def _parts(file: Path) -> list[Path]:
    """Return the files of an export: OpenVINO keeps weights beside its graph."""
    weights = file.with_suffix(".bin")
    return [file, weights] if file.suffix == ".xml" and weights.is_file() else [file]


def _by_suffix(file: Path) -> str:
    for name, form in FORMATS.items():
        if file.suffix == form.suffix:
            return name
    endings = ", ".join(form.suffix for form in FORMATS.values())
    raise ExportError(f"{file}: name a format, or end the file's name with one of {endings}")


def _differences(
    network: nn.Module, file: Path, name: str, size: tuple[int, int, int], batches: Sequence[int]
) -> dict[int, float]:
    """Return the largest relative difference at each batch size; remove a file that is wrong."""
    random = torch.Generator().manual_seed(0)
    with _quiet(), torch.no_grad():
        run = FORMATS[name].read(file, copy.deepcopy(network))
        differences = {}
        for batch in batches:
            images = torch.randn(batch, *size, generator=random)
            apart, scale = difference(run(images), outputs_of(network, images))
            differences[batch] = apart / scale if scale else apart
    # Not '>', which no NaN is.
    if not all(difference <= TOLERANCE for difference in differences.values()):
        for part in _parts(file):
            part.unlink()
        raise ExportError(
            f"{file}: what {name} computes differs from the network by "
            f"{max(differences.values()):.1e} (tolerance {TOLERANCE:g}); the file was removed"
        )
    return differences


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep exporters' warnings and progress from the user: parity is what counts."""
    level = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(level)
