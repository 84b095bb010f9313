"""Channel groups as a list: widths, shares and reaches are those of the network itself."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from reidbench.engine.channels import CaptureError, capture, highest_reduction
from reidbench.engine.deployment.groups import channel_groups
from reidbench.testing.toys import tiny

SIZE = (3, 32, 16)


def chain() -> nn.Module:
    """Return 3 -> 4 -> 8 channels at 1 x 1: 12 + 32 MACs a pixel."""
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1))


def test_widths_shares_and_scopes_by_hand() -> None:
    groups = channel_groups(chain(), size=(3, 2, 2))
    made, embedding = groups.rows
    assert (made.name, made.width, made.scopes) == ("0", 4, ("all",))
    # All 44 MACs a pixel make or read the four channels.
    assert made.share == 1.0
    assert (embedding.width, embedding.share, embedding.scopes) == (8, None, ())
    assert "embedding" in embedding.kept_by
    assert (groups.macs, groups.parameters, groups.embedding_size) == (4 * 44, 16 + 40, 8)


def test_the_highest_reduction_is_that_of_the_floor() -> None:
    groups = channel_groups(chain(), size=(3, 2, 2), min_keep=0.5)
    assert groups.highest == {"inner": None, "all": 0.5}
    assert channel_groups(chain(), size=(3, 2, 2), min_keep=0.05, round_to=4).highest["all"] == 0
    network = tiny()
    expected = highest_reduction(capture(network, SIZE), "inner", 0.05)
    assert channel_groups(network, size=SIZE).highest["inner"] == expected > 0


def test_a_scope_without_groups_says_what_follows() -> None:
    text = str(channel_groups(chain(), size=(3, 2, 2)))
    assert "scope 'inner': no group, so a protocol of this scope prunes nothing here" in text
    assert "scope 'all': 1 group, a reduction of 0.7500 at most" in text


class Counts(nn.Module):
    """Name a width in the code of the forward pass, which no removal can change."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 8, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv1(images)
        return self.conv2(maps.view(maps.shape[0], 6, maps.shape[2], maps.shape[3]))


def test_a_group_that_the_guard_refuses_stays_whole_and_says_why() -> None:
    refused, _ = channel_groups(Counts(), size=(3, 2, 2)).rows
    assert refused.scopes == () and "cannot be removed" in refused.kept_by


def test_a_network_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(CaptureError, match="cannot be captured"):
        channel_groups(nn.Linear(5, 5), size=(3, 2, 2))
