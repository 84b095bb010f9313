"""The price of a plan in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from reidbench.run.card_rates import Rate
from reidbench.run.image_macs import Images
from reidbench.run.price import Price, critical_path, makespan
from reidbench.text import counted, duration

WORKERS = (1, 8, 64)


def price_lines(whole: Price, left: Price, rate: Rate, images: Images) -> Iterator[str]:
    """Yield what a plan computes and what is left of it, and how long a card takes for that."""
    if whole.products:
        yield f"images x GMACs: {_work(whole)}"
        if left.nodes != whole.nodes and left.products:
            yield f"of these left: {_work(left)}"
    if left.training or left.measuring:
        yield from _times(left, rate)
    if images.published:
        yield f"by published counts, not there: {', '.join(sorted(images.published))}"
    if whole.left_out:
        unknown = f" (images unknown: {', '.join(sorted(images.unknown))})"
        why = unknown if images.unknown else " (backbones without a published cost model)"
        yield f"left out of this price: {counted(whole.left_out, 'phase')}{why}"


def _work(price: Price) -> str:
    return f"{price.training:.3g} of training, {price.measuring:.3g} of measuring"


def _times(left: Price, rate: Rate) -> Iterator[str]:
    seconds = left.seconds(rate)
    total, longest = sum(seconds.values()), critical_path(left.nodes, seconds)
    hours = f"{'at least ' if left.left_out else ''}{duration(total)} on one {rate.name}"
    yield f"{hours} ({rate.basis}); critical path {duration(longest)}"
    if not total:
        return
    counts = sorted({*WORKERS, rate.cards})
    spans = {count: makespan(left.nodes, seconds, count) for count in counts}
    parts = (
        f"{count}: {duration(span)} ({total / (count * span):.0%})" for count, span in spans.items()
    )
    yield f"by workers, with their efficiency: {', '.join(parts)}"
