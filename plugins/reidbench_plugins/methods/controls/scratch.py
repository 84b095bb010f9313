"""The scratch controls: slim networks trained from their initialisation (Liu et al., ICLR 2019)."""

from __future__ import annotations

from reidbench_plugins.methods.controls.random import Random


class Scratch(Random):
    """Score at random: an untrained network's channels are all alike, so only widths matter.

    Its record says ``prunes="initial"``: the harness cuts before any training, and the slim
    network goes through the scenario's own phases (Liu's Scratch-E: as many epochs as the
    dense network).
    """


class ScratchB(Scratch):
    """Score at random, as ``scratch`` does: only widths matter before training.

    Its record says ``budget="compute"`` besides: every phase takes as many more epochs as the slim
    network has fewer MACs, at most twice (Liu's Scratch-B: the dense network's compute).
    """
