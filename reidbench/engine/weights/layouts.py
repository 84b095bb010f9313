"""Names of tensors as training frameworks write them, and as a network has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor

PREFIXES = ("module.", "_orig_mod.", "model.", "network.", "net.", "backbone.", "base.")
"""What DDP, ``torch.compile`` and training frameworks put before the names of a network."""
HEADS = ("fc.", "classifier.", "head.", "heads.", "bottleneck.", "pixel_mean", "pixel_std")
"""What they keep beside a backbone: classifiers, fast-reid's heads and input statistics, the
BNNeck of the bag of tricks."""


def unwrapped(state: Mapping[str, Tensor], own: Collection[str]) -> dict[str, Tensor]:
    """Return ``state`` without the prefixes that hide the names ``own`` of a network.

    Of every way to take prefixes off, that which finds most of the network's names; a prefix that
    the network has itself stays. Names without a prefix, of a head beside a backbone, stay too.
    """
    best = dict(state)
    for prefix in PREFIXES:
        if not any(name.startswith(prefix) for name in state):
            continue
        bare = {name.removeprefix(prefix): value for name, value in state.items()}
        # Two names that become one would lose a tensor.
        if len(bare) == len(state) and _known(found := unwrapped(bare, own), own) > _known(
            best, own
        ):
            best = found
    return best


def _known(state: Mapping[str, Tensor], own: Collection[str]) -> int:
    return sum(name in own for name in state)


def without_heads(
    state: Mapping[str, Tensor], own: Collection[str], classifier: str | tuple[str, ...] = ""
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the tensors of a backbone, and those of heads that it does not have.

    ``classifier`` is the prefix of the classifier that the backbone's publisher puts on it.
    """
    own_heads = (classifier,) if isinstance(classifier, str) else classifier
    heads = (*HEADS, *(head for head in own_heads if head))
    left_out = {
        name: value for name, value in state.items() if name not in own and name.startswith(heads)
    }
    return {name: state[name] for name in state if name not in left_out}, left_out


def classifier_of(left_out: Mapping[str, Tensor]) -> Tensor | None:
    """Return the weight (classes, d) of the one classifier that read the embedding itself."""
    # Behind a norm of its own it means nothing to a network without that norm.
    if any(name.startswith(("heads.", "bottleneck.")) for name in left_out):
        return None
    found = [value for value in left_out.values() if value.ndim == 2]
    return found[0] if len(found) == 1 else None
