"""The exact MACs of a network as a function of its group widths (imports no torch)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from reidbench.engine.channels.problems import PlanError
from reidbench.errors import did_you_mean

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class MacsModel:
    """Count multiply-accumulates of convolutions, linear layers and attention matmuls, batch 1.

    Operation ``o`` costs ``factor[o] * rows(o) * columns(o)``, where rows and columns are those
    of its weight: a fixed number plus, for each prunable group, a whole multiple of its width.
    Biases, normalisation and activations cost nothing. Equals ``torch.utils.flop_counter`` / 2.
    """

    names: tuple[str, ...]
    sizes: npt.NDArray[np.int64]
    factor: npt.NDArray[np.int64]
    fixed_rows: npt.NDArray[np.int64]
    group_rows: npt.NDArray[np.int64]
    fixed_columns: npt.NDArray[np.int64]
    group_columns: npt.NDArray[np.int64]

    def total(self, widths: Mapping[str, int] | None = None) -> int:
        """Return the MACs at ``widths``; a group left out keeps its size.

        Raises ``PlanError`` for an unknown group or a width outside 0..size.
        """
        row = self.sizes.copy()
        for name, width in (widths or {}).items():
            if name not in self.names:
                raise PlanError(f"no prunable group '{name}'{did_you_mean(name, self.names)}")
            column = self.names.index(name)
            if not 0 <= width <= self.sizes[column]:
                raise PlanError(f"group '{name}' has {self.sizes[column]} channels, not {width}")
            row[column] = width
        return int(self.totals(row[np.newaxis])[0])

    def totals(self, widths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the MACs of each row of ``widths``, shape (n, groups), columns as ``names``."""
        widths = np.asarray(widths, dtype=np.int64)
        rows = self.fixed_rows + widths @ self.group_rows.T
        columns = self.fixed_columns + widths @ self.group_columns.T
        totals: npt.NDArray[np.int64] = (rows * columns) @ self.factor
        return totals


def parameters(module: nn.Module) -> int:
    """Return how many numbers the parameters of ``module`` hold, shared ones once."""
    return sum(parameter.numel() for parameter in module.parameters())
