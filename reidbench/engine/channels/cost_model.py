"""MACs and parameters of a network by its widths, as a document that is read without torch."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from torch import nn

from reidbench.engine.channels.graph import ChannelGraph

Form = tuple[int, tuple[tuple[str, int], ...]]
"""A fixed number, plus for each group a multiple of its width."""
Term = tuple[Form, ...]
"""The product of its forms."""


def cost_model(backbone: nn.Module, graph: ChannelGraph) -> dict[str, Any]:
    """Return the sizes of the groups, and the terms whose sums are MACs and parameters.

    ``graph`` is the capture of ``backbone``. A term is ``[factor, [form, ...]]``, its value the
    factor times the product of its forms; a form is ``[fixed, {group: multiple}]``.
    """
    return {
        "groups": graph.widths,
        "macs": _document(_macs(graph)),
        "parameters": _document(_parameters(backbone, graph)),
    }


def _macs(graph: ChannelGraph) -> Counter[Term]:
    model = graph.macs
    terms: Counter[Term] = Counter()
    for row, factor in enumerate(model.factor.tolist()):
        sides = (
            (model.fixed_rows, model.group_rows),
            (model.fixed_columns, model.group_columns),
        )
        forms = [
            (
                int(fixed[row]),
                tuple(
                    (name, int(times))
                    for name, times in zip(model.names, multiples[row], strict=True)
                    if times
                ),
            )
            for fixed, multiples in sides
        ]
        terms[tuple(sorted(forms))] += factor
    return terms


def _parameters(backbone: nn.Module, graph: ChannelGraph) -> Counter[Term]:
    multiples: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    fixed: dict[tuple[str, int], int] = {}
    for group in graph.groups:
        for piece in group.slices if group.prunable else ():
            for tensor in piece.tensors:
                where = (f"{piece.owner}.{tensor}".lstrip("."), piece.dim)
                positions = len(piece.positions)
                before = multiples[where].get(group.name, 0)
                multiples[where][group.name] = before + positions // group.size
                fixed[where] = fixed.get(where, piece.length) - positions
    terms: Counter[Term] = Counter()
    for name, parameter in backbone.named_parameters():
        forms, factor = [], 1
        for dim, length in enumerate(parameter.shape):
            if (name, dim) in fixed:
                forms.append((fixed[name, dim], tuple(sorted(multiples[name, dim].items()))))
            else:
                factor *= length
        terms[tuple(sorted(forms))] += factor
    return terms


def _document(terms: Counter[Term]) -> list[Any]:
    return [
        [factor, [[fixed, dict(groups)] for fixed, groups in forms]]
        for forms, factor in sorted(terms.items())
    ]
