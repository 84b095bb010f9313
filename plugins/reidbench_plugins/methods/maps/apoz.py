"""Average percentage of zeros (Hu et al., Network Trimming, 2016)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from reidbench.api import CannotScore, Group, Method, RankingTask


class Apoz(Method):
    """Score -APoZ_j: minus the share of zeros in channel j's maps after the ReLU, over all images.

    Deviations:
        * Groups with several producers sum the scores of each, because maps come one producer at a
          time.
        * Each cut takes what the target asks for, where the authors trim all channels one standard
          deviation above their layer's mean, because reductions are matched here.
        * Training images are used, where the authors use validation images.
    """

    # A share of zeros means the same in every layer.
    normalisation = "none"

    def prepare(self, task: RankingTask) -> None:
        """Count zeros in one pass over the calibration images."""
        self._zeros: Mapping[str, Tensor] = task.mean_over_images(zeros, maps="activated")

    def scores(self, group: Group, task: RankingTask) -> Tensor:
        """Return minus the share of zeros in each channel's activated maps."""
        if group.activation not in ("relu", "relu6"):
            after = f"a {group.activation}" if group.activation else "no activation"
            raise CannotScore(
                f"{after} follows, and zeros mean nothing without a ReLU; prune only layers that "
                "a ReLU follows, as the scope 'inner' of a ResNet does"
            )
        return -self._zeros[group.name]


def zeros(maps: Tensor, gradients: Tensor | None) -> Tensor:
    """Return the share of zeros over positions, (n, channels), of (n, channels, h, w)."""
    return (maps == 0).float().mean(dim=(2, 3))
