"""The four filters whose scores are published: two opposite long ones, two short parallel ones."""

from __future__ import annotations

import torch

FILTERS = torch.tensor([[3.0, 4.0], [-3.0, -4.0], [1.0, 0.0], [2.0, 0.0]])
