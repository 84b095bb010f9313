"""Every check of a backbone, in the order in which to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from reidbench.api.records import BackboneRecord
from reidbench.config.protocol import load_protocol, protocol_names
from reidbench.engine.channels import Scope
from reidbench.testing.backbones import build_checks, channel_checks, forward_checks, weight_checks
from reidbench.testing.backbones.candidate import BackboneCandidate, Size, words
from reidbench.testing.check import Check

SIZE: Size = (3, 64, 32)
"""Where a backbone is captured unless another size is asked for: that of ``mini/1``."""
REDUCTION = 0.5
SCOPES: tuple[Scope, ...] = ("inner", "all")

Body = Callable[[BackboneCandidate], None]


def published_sizes() -> list[Size]:
    """Return the sizes of images in the published protocols, ascending."""
    return sorted({load_protocol(name).input.size for name in protocol_names()})


def backbone_checks(
    record: BackboneRecord,
    *,
    size: Size = SIZE,
    sizes: Iterable[Size] | None = None,
    weights: str | Path | None = None,
) -> Iterator[Check]:
    """Return the checks of a backbone, to be run one by one; nothing runs before that.

    ``size`` is where it is captured and cut; ``sizes`` are others that it has to accept, by
    default those of the published protocols. ``weights`` are what its loader has to load: a word
    or a file of its publisher; a state dict of its own if None.
    """
    candidate = BackboneCandidate(record, size)
    others = published_sizes() if sizes is None else list(sizes)
    bodies: dict[str, Body] = {
        "documents-itself": build_checks.documents_itself,
        "builds": build_checks.builds,
        "embeds": forward_checks.embeds,
        **{
            f"accepts-{words(other)}": partial(forward_checks.accepts_size, size=other)
            for other in others
            if other != size
        },
        "one-image-alone": forward_checks.one_image_alone,
        "deterministic-in-eval-mode": forward_checks.deterministic_in_eval_mode,
        "untouched-by-eval-mode": forward_checks.untouched_by_eval_mode,
        "trains-every-weight": forward_checks.trains_every_weight,
        "draws-its-weights-from-the-seed": build_checks.draws_its_weights_from_the_seed,
        "keeps-its-state-in-its-state-dict": build_checks.keeps_its_state_in_its_state_dict,
        "leaves-torch-untouched": build_checks.leaves_torch_untouched,
        "captures": channel_checks.captures,
        "loses-channels-exactly": channel_checks.loses_channels_exactly,
    }
    for scope in SCOPES:
        name = f"reaches-{REDUCTION:g}-{scope}"
        bodies[name] = partial(channel_checks.reaches, scope=scope, reduction=REDUCTION)
    if record.loader:
        bodies["loads-weights"] = partial(weight_checks.loads_weights, weights=weights)
        bodies["refuses-wrong-weights"] = weight_checks.refuses_wrong_weights
    return (
        Check(name, record.name, partial(body, candidate), "backbone")
        for name, body in bodies.items()
    )
