"""Batch norms folded into the convolutions before them, where the network can be traced."""

from __future__ import annotations

import copy
import warnings

from torch import nn
from torch.fx.experimental import optimization


def folded(network: nn.Module) -> nn.Module:
    """Return a copy with each batch norm folded into its convolution, in eval mode.

    A network whose forward cannot be traced symbolically is returned as a plain copy: runtimes
    fold by themselves where they can.
    """
    own = copy.deepcopy(network).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fused: nn.Module = optimization.fuse(own)
        except Exception:
            return own
    return fused
