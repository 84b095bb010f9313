"""``reidbench groups``: the channel groups of a network, and how far each scope can be pruned."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from reidbench.cli.data.inputs import settings, settings_option
from reidbench.cli.inputs import size_of
from reidbench.cli.options import installed, shared
from reidbench.errors import ReidbenchError, named_line
from reidbench.interrupts import returned
from reidbench.plugins import UnknownComponent

if TYPE_CHECKING:
    from torch import nn


@click.command("groups")
@click.argument("network", metavar="BACKBONE")
@click.option("--size", required=True, metavar="CxHxW", help="Size of its images, e.g. 3x256x128.")
@settings_option
@click.option(
    "--min-keep",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Share of its channels that every group keeps at least.",
)
@click.option(
    "--round-to",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Multiple that widths end on.",
)
@shared("disabled")
def command(
    network: str,
    size: str,
    pairs: tuple[str, ...],
    min_keep: float,
    round_to: int,
    disabled: tuple[str, ...],
) -> None:
    """List the channel groups of a network: width, share of MACs, scopes, highest reductions.

    BACKBONE is an installed backbone, or MODULE:FACTORY for a network of your own, as in
    'reidbench prune'. Every group that is listed with a scope was proven to lose a channel.

    \b
    group   the first layer that makes the channels; all that is coupled to them goes too
    MACs    share of the network's MACs in the layers that make or read them; a layer counts
            for each of its groups, so that shares add up to more than 100%
    scopes  where it can be pruned: 'inner' is inside residual blocks, 'all' is everything

    \b
    Examples:
      reidbench groups resnet18 --size 3x256x128
      reidbench groups torchvision.models:vgg16 --size 3x224x224
    """  # noqa: D301 - click wants the character, not the two letters
    # Both before torch, so that a wrong word never waits for it.
    shape = size_of(size)
    made = _network(network, shape, pairs, disabled)
    from reidbench.engine.deployment.groups import channel_groups

    groups = channel_groups(made, size=shape, min_keep=min_keep, round_to=round_to)
    click.echo(f"{network}: {groups}")


def _network(
    name: str, size: tuple[int, int, int], pairs: tuple[str, ...], disabled: tuple[str, ...]
) -> nn.Module:
    """Return an installed backbone, or the network that ``MODULE:FACTORY`` makes."""
    try:
        record = installed(disabled).backbones.get(name).record
    except UnknownComponent:
        if ":" not in name:
            raise
        if pairs:
            raise ReidbenchError(
                f"--option {pairs[0]}: '{name}' is a factory that is called without arguments; "
                "name another factory that sets it"
            ) from None
        from reidbench.engine.deployment import find_network

        return find_network(name)

    def unmade(error: BaseException) -> BaseException:
        if isinstance(error, ReidbenchError):
            return error
        return ReidbenchError(
            f"'{name}' cannot be made ({named_line(error)}); see 'reidbench plugins check {name}'"
        )

    made: nn.Module = returned(partial(record.build_for, size, settings(pairs, record)), unmade)
    return made
