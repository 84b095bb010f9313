"""What a reader must know of a claim beside its verdict: what is left out, or cannot be said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from reidbench.config.claim import Claim
from reidbench.leaderboard.claims.claim_rows import Line
from reidbench.leaderboard.claims.pairs import Pair

LISTED = 4
"""How many of the pairs that are left out for one reason a note names."""

KINDS = ("protocols", "engines", "divisions", "drawn and photographed data")
"""What the parts of a line's world are, in the plural."""

ONE_SEED = "one seed: the interval leaves out what another seed would change"
FEW = 5
FEW_SEEDS = (
    "fewer than five seeds: the interval covers less than 95 % of what other seeds would change"
)
DRAWN = "judged on drawn data, not on photographs"


def left_out(named: Sequence[tuple[Pair, str]], obstacles: Sequence[str]) -> Iterator[str]:
    """Say, one note a reason, which pairs are not judged."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for (_, label), obstacle in zip(named, obstacles, strict=True):
        if obstacle:
            by_reason[obstacle].append(label)
    for reason, found in sorted(by_reason.items()):
        told = "; ".join(filter(None, found[:LISTED]))
        more = f"; and {len(found) - LISTED} more" if len(found) > LISTED else ""
        yield f"left out, {reason}: {told}{more}" if told else f"left out, {reason}"


def mixture(lines: Sequence[Line]) -> str:
    """Say what keeps rows from being judged together, or nothing: as they would share no table."""
    worlds = zip(KINDS, zip(*(line.world for line in lines), strict=True), strict=True)
    mixed = [kind for kind, values in worlds if len(set(values)) > 1]
    versions: dict[str, set[object]] = defaultdict(set)
    for line in lines:
        for role, component in line.components.items():
            # Of data sets the label, because two with other options are no two versions.
            name = getattr(line.id, role, None) if role == "target" else None
            versions[f"{role} {name or component.name}"].add(component)
    mixed += [f"versions of {name}" for name, found in versions.items() if len(found) > 1]
    return f"its rows mix {' and '.join(mixed)}: they are not judged together" if mixed else ""


def caveats(claim: Claim, pairs: Sequence[Pair]) -> Iterator[str]:
    """Say what the intervals of the pairs that were judged leave open."""
    if claim.against and claim.against.backbone:
        yield f"GMACs of the rows {_gmacs(pairs, 0)}, of the counterparts {_gmacs(pairs, 1)}"
    single = [pair for pair in pairs if len(pair.seeds) == 1]
    if single:
        yield ONE_SEED if len(single) == len(pairs) else f"{ONE_SEED} ({len(single)} of the pairs)"
    elif any(len(pair.seeds) < FEW for pair in pairs):
        yield FEW_SEEDS
    yield _covered(pairs)
    if any(result.drawn for pair in pairs for line in pair.lines for result in line.trials):
        yield DRAWN


def _covered(pairs: Sequence[Pair]) -> str:
    """Say what the pairs are of, because a claim may speak of more than was run."""
    rows = [pair.lines[0] for pair in pairs]
    targets = sorted({row.id.target for row in rows})
    shares = sorted({row.id.reduction for row in rows if row.id.reduction})
    seeds = sorted({seed for pair in pairs for seed in pair.seeds})
    parts = [f"on {', '.join(targets)}"]
    parts += [f"at {', '.join(f'{100 * share:g}' for share in shares)} %"] if shares else []
    return f"{', '.join(parts)}, {'seed' if len(seeds) == 1 else 'seeds'} {_listed(seeds)}"


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def _gmacs(pairs: Sequence[Pair], side: int) -> str:
    costs = [result.cost for pair in pairs for result in pair.lines[side].trials]
    found = sorted({f"{cost.macs / 1e9:.3f}" for cost in costs if cost}, key=float)
    return f"{found[0]} to {found[-1]}" if len(found) > 1 else found[0]
