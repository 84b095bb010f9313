"""Second-order Taylor terms of channels (LeCun et al., Optimal Brain Damage, NIPS 1989)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reidbench.api import Group, Method, RankingTask


class Obd(Method):
    """Score ½ Σ_w w² E[g_w²] over the weights of filter j, g the gradient of one image's loss.

    Optimal brain damage's ½ w² h with the diagonal of the empirical Fisher matrix for the Hessian's
    h, summed over a channel as in EigenDamage's C-OBD (Wang et al., ICML 2019; others' OBD-C).

    Deviations:
        * Gradients are those of the network in eval mode, batch norm recalibrated, where the
          authors' is training, because every ranking looks at the same copy.
        * The curvature is the empirical Fisher's, with true labels, where OBD takes second
          derivatives, because one backward pass an image gives it.
        * Gradients are of the identity loss alone, because a triplet loss has no single image.
    """

    # A change of the loss is one unit for all layers.
    normalisation = "none"

    def prepare(self, task: RankingTask) -> None:
        """Measure every group with one backward pass an image."""
        self._damage: Mapping[str, Tensor] = task.mean_over_gradients(damage, per="image")

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return the expected rise of the loss without each channel."""
        return self._damage[group.name]


def damage(group: Group) -> Tensor:
    """Return half the sum over a filter's weights of (weight x gradient)², (channels,)."""
    if group.gradient is None:
        raise TypeError("damage needs the gradients of the loss")
    return (group.weight * group.gradient).square().sum(dim=1) / 2
