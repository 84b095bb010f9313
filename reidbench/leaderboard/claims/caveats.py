"""What a reader must know of a claim beside its verdict: what is left out, or cannot be said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from reidbench.config.claim import Claim
from reidbench.leaderboard.claims.pairs import Pair
from reidbench.leaderboard.row_trials import RowTrials

LISTED = 4
"""How many of the pairs that are left out for one reason a note names."""

KINDS = ("protocols", "engines", "divisions", "drawn and photographed data")
"""What the items of a row's comparison group are, in the plural."""

ONE_SEED = (
    "one seed: the interval says how networks differ over other people, which decides nothing "
    "about methods"
)
DRAWN = "judged on drawn data, not on photographs"


def left_out(labels: Sequence[str], blockers: Sequence[str]) -> Iterator[str]:
    """Say, one note a reason, which pairs are not judged."""
    for reason in sorted({blocker for blocker in blockers if blocker}):
        found = [it for it, blocker in zip(labels, blockers, strict=True) if blocker == reason]
        names = "; ".join(filter(None, found[:LISTED]))
        more = f"; and {len(found) - LISTED} more" if len(found) > LISTED else ""
        yield f"left out, {reason}: {names}{more}" if names else f"left out, {reason}"


def mixture(rows: Sequence[RowTrials]) -> str:
    """Say what keeps rows from being judged together, as they would share no table, or nothing."""
    values = zip(*(row.comparison_group for row in rows), strict=True)
    mixed = [kind for kind, found in zip(KINDS, values, strict=True) if len(set(found)) > 1]
    versions: dict[str, set[object]] = defaultdict(set)
    for row in rows:
        for role, component in row.components.items():
            # Of data sets the label, because two with other options are no two versions.
            name = row.id.target if role == "target" else component.name
            versions[f"{role} {name}"].add(component)
    mixed += [f"versions of {name}" for name, found in versions.items() if len(found) > 1]
    return f"its rows mix {' and '.join(mixed)}: they are not judged together" if mixed else ""


def caveats(claim: Claim, pairs: Sequence[Pair]) -> Iterator[str]:
    """Say what the intervals of the pairs that were judged leave open."""
    if claim.against and claim.against.backbone:
        yield f"GMACs of the rows {_gmacs(pairs, 0)}, of the counterparts {_gmacs(pairs, 1)}"
    single = [pair for pair in pairs if len(pair.seeds) == 1]
    if single:
        yield ONE_SEED if len(single) == len(pairs) else f"{ONE_SEED} ({len(single)} of the pairs)"
    yield _covered(pairs)
    if any(row.setting.drawn for pair in pairs for row in pair.sides):
        yield DRAWN


def _covered(pairs: Sequence[Pair]) -> str:
    """Say what data, reductions and seeds the pairs are of, because not all may have been run."""
    rows = [pair.sides[0] for pair in pairs]
    targets = sorted({row.id.target for row in rows})
    reductions = sorted({row.id.reduction for row in rows if row.id.reduction})
    seeds = sorted({seed for pair in pairs for seed in pair.seeds})
    at = f", at {', '.join(f'{100 * it:g}' for it in reductions)} %" if reductions else ""
    number = "seed" if len(seeds) == 1 else "seeds"
    return f"on {', '.join(targets)}{at}, {number} {', '.join(map(str, seeds))}"


def _gmacs(pairs: Sequence[Pair], side: int) -> str:
    costs = [result.cost for pair in pairs for result in pair.sides[side].trials]
    found = sorted({f"{cost.macs / 1e9:.3f}" for cost in costs if cost}, key=float)
    return f"{found[0]} to {found[-1]}" if len(found) > 1 else found[0]
