"""MACs and parameters recomputed from the widths of a result, by the published cost models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "backbones"
"""A cost model a backbone, with its default options; ``python -m tests.support.cost_models``."""


def size_name(size: tuple[int, int, int]) -> str:
    """Name an input size: ``3x64x32``."""
    return "x".join(map(str, size))


def model_of(backbone: str, version: str, size: tuple[int, int, int]) -> Mapping[str, Any] | None:
    """Return the cost model of a backbone at an input size, None if none is published."""
    known = _models().get(backbone)
    if known is None or known["version"] != version:
        return None
    model: Mapping[str, Any] | None = known["sizes"].get(size_name(size))
    return model


def cost_at(model: Mapping[str, Any], widths: Mapping[str, int]) -> tuple[int, int]:
    """Return MACs and parameters at the widths of every group."""
    return _sum(model["macs"], widths), _sum(model["parameters"], widths)


def _sum(terms: Any, widths: Mapping[str, int]) -> int:
    return sum(factor * prod(_form(form, widths) for form in forms) for factor, forms in terms)


def _form(form: Any, widths: Mapping[str, int]) -> int:
    fixed, groups = form
    return int(fixed + sum(times * widths[name] for name, times in groups.items()))


@cache
def _models() -> Mapping[str, Any]:
    paths = sorted(FOLDER.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
