"""Every check that applies to a method, in the order in which to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

from reidbench.api.records import BackboneRecord, MethodRecord
from reidbench.engine.channels import Scope
from reidbench.plugins import discover
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Check, at_once
from reidbench.testing.fresh_process import Elsewhere
from reidbench.testing.phase_checks import (
    declares_its_data,
    deterministic,
    draws_from_its_generator,
    leaves_the_network_untouched,
    leaves_torch_untouched,
    meets_the_target,
    never_touches_test_data,
    spends_the_budget,
)
from reidbench.testing.sandbox import AWKWARD, GREY, TINY, Sandbox
from reidbench.testing.score_checks import (
    any_order_of_groups,
    documents_itself,
    scores_somewhere,
    scores_soundly,
    scores_unusual,
    tells_channels_apart,
)

Body = Callable[[Candidate], None]

SCOPES: tuple[Scope, ...] = ("inner", "all")
ELSEWHERE = "same-in-another-process"
REDUCTIONS = (0.25, 0.5, 0.75)


def method_checks(
    record: MethodRecord,
    *,
    backbones: Iterable[str] | None = None,
    scopes: Iterable[Scope] = SCOPES,
    reductions: Iterable[float] = REDUCTIONS,
) -> Iterator[Check]:
    """Return the checks of a method, to be run one by one; nothing runs before that.

    Each check runs on a tiny network; those of scores also on ``backbones`` (names; all installed
    ones if None, no other than the tiny one if empty), in ``scopes``. ``reductions`` are those to
    reach, above 0 and up to 0.9.

    Raises:
        UnknownComponent: a backbone that no plugin declares.
        ValueError: a reduction that is out of range.
    """
    registry = discover()
    installed = [component.record for component in registry.backbones.components]
    chosen = installed
    if backbones is not None:
        chosen = [registry.backbones.get(name).record for name in backbones]
    reductions = tuple(reductions)
    if odd := [reduction for reduction in reductions if not 0 < reduction <= 0.9]:
        raise ValueError(f"reduction {odd[0]!r} is out of range; choose from above 0 to 0.9")
    candidate = Candidate(record)
    bodies: dict[str, Body] = {"documents-itself": documents_itself}
    if candidate.ranks:
        tried = _sandboxes(chosen, scopes)
        bodies |= _of_scores(tried, [*tried, *_sandboxes(installed, SCOPES)])
    bodies |= _of_phases(record, reductions)
    elsewhere = Elsewhere(candidate)
    bodies[ELSEWHERE] = lambda candidate: elsewhere.check()
    begins = {ELSEWHERE: elsewhere.begin}
    return (
        Check(name, record.name, partial(body, candidate), begin=begins.get(name, at_once))
        for name, body in bodies.items()
    )


def _sandboxes(backbones: Iterable[BackboneRecord], scopes: Iterable[Scope]) -> list[Sandbox]:
    """Return the tiny network in every scope, then each backbone in ``scopes``."""
    others = product(backbones, tuple(scopes))
    return [
        *(replace(TINY, scope=scope) for scope in SCOPES),
        *(Sandbox(backbone, scope, trained=False) for backbone, scope in others),
    ]


def _of_scores(sandboxes: Sequence[Sandbox], everywhere: Sequence[Sandbox]) -> dict[str, Body]:
    return {
        **{
            f"scores-{one.backbone.name}-{one.scope}": partial(scores_soundly, sandbox=one)
            for one in sandboxes
        },
        "scores-somewhere": partial(scores_somewhere, sandboxes=everywhere),
        "one-image-batches": partial(scores_unusual, sandbox=replace(TINY, alone=True)),
        "constant-images": partial(scores_unusual, sandbox=replace(TINY, data=GREY, trained=False)),
        "small-groups": partial(scores_unusual, sandbox=AWKWARD),
        "any-order-of-groups": any_order_of_groups,
    }


def _of_phases(record: MethodRecord, reductions: Sequence[float]) -> dict[str, Body]:
    bodies: dict[str, Body] = {}
    if record.prunes != "nothing":
        for reduction in reductions:
            name = f"meets-the-target-at-{reduction:g}"
            bodies[name] = partial(meets_the_target, reduction=reduction)
    # A slim network is cut before any training: that phase has no steps to spend.
    if record.prunes != "initial":
        bodies["spends-the-budget"] = spends_the_budget
    if record.prunes != "nothing" and not record.control:
        bodies["tells-channels-apart"] = tells_channels_apart
    bodies["leaves-the-network-untouched"] = leaves_the_network_untouched
    bodies["leaves-torch-untouched"] = leaves_torch_untouched
    bodies["draws-from-its-generator"] = draws_from_its_generator
    bodies["deterministic"] = deterministic
    bodies["never-touches-test-data"] = never_touches_test_data
    if record.prunes != "nothing":
        bodies["declares-its-data"] = declares_its_data
    return bodies
