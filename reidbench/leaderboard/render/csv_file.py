"""A leaderboard as CSV: one row each, every number in a column of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from reidbench.config.claim import BOUNDS
from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.model import Leaderboard, Row, Setting, Table
from reidbench.leaderboard.statistics import Spread

Value = str | int | float | bool | None


TABLE = "table_backbone"


def to_csv(leaderboard: Leaderboard) -> str:
    """Write every row of every table; percentages and points as numbers, the unknown as nothing.

    Where a table shows dense networks of other backbones, ``table_backbone`` says which rows stand
    in one table, and the difference of a row is to the dense network of that backbone. Numbers that
    papers report are in no row: rows are measured, and what is reported is data already.
    """
    rows = [cells for table in leaderboard.tables for cells in _table(table)]
    if not rows:
        return ""
    if not any(table.others for table in leaderboard.tables):
        rows = [{name: row[name] for name in row if name != TABLE} for row in rows]
    return _text(rows)


def claims_to_csv(leaderboard: Leaderboard) -> str:
    """Write every claim as a row; differences and bounds are points."""
    rows = [_claim(verdict) for verdict in leaderboard.claims]
    return _text(rows) if rows else ""


def _text(rows: Sequence[Mapping[str, Value]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _table(table: Table) -> Iterator[dict[str, Value]]:
    settings = [(table.setting, row) for row in table.unique_rows]
    settings += [(other.setting, other.row) for other in table.others]
    for setting, row in settings:
        yield {TABLE: table.setting.backbone, **_setting(setting), **_row(row)}


def _setting(setting: Setting) -> dict[str, Value]:
    return {
        "drawn": setting.drawn,
        "scenario": setting.scenario,
        "backbone": setting.backbone,
        "source": setting.source,
        "target": setting.target,
        "protocol": setting.protocol,
        "protocol_sha256": setting.protocol_hash,
        "division": setting.division,
        "engine": setting.engine,
        "components": "; ".join(f"{part.role} {part}" for part in setting.parts),
    }


def _row(row: Row) -> dict[str, Value]:
    interval = row.delta_interval
    return {
        "target_reduction_percent": _percent(row.target_reduction),
        "rank": row.rank,
        "tied": row.tied if row.rank is not None else None,
        "method": row.method,
        "method_version": row.version,
        "method_distribution": row.distribution,
        "strategy": row.strategy,
        "allocation": row.allocation,
        "control": row.control,
        "status": row.status,
        "matched": row.matched if row.reduction is not None else None,
        "on_budget": row.on_budget if row.epochs is not None else None,
        "seeds_done": row.seeds_done,
        "seeds": row.seeds,
        **_spread("map", row.mean_ap),
        **_spread("rank1", row.rank1),
        **_spread("rank5", row.rank5),
        **_spread("minp", row.mean_inp),
        **_spread("map_trapezoid", row.trapezoid),
        "delta_map_points": _percent(row.delta),
        "delta_map_low": _percent(interval.low) if interval else None,
        "delta_map_high": _percent(interval.high) if interval else None,
        **_spread("map_before_retraining", row.before_retraining),
        "reduction_percent": _percent(row.reduction),
        "max_miss_points": _percent(row.max_miss),
        "gmacs": _scaled(row.macs, 1e9, 6),
        "parameters_million": _scaled(row.parameters, 1e6, 6),
        "epochs": row.epochs,
        "seconds": _scaled(row.seconds, 1, 1),
        "choosing_seconds": _scaled(row.choosing_seconds, 1, 2),
        "notes": "; ".join(row.notes),
    }


def _claim(verdict: Verdict) -> dict[str, Value]:
    claim, difference = verdict.claim, verdict.difference
    return {
        "claim": claim.name,
        "says": claim.says,
        "source": claim.source,
        "compared": claim.comparison,
        "verdict": verdict.standing,
        "difference_points": _percent(difference.mean) if difference else None,
        "difference_low": _percent(difference.low) if difference else None,
        "difference_high": _percent(difference.high) if difference else None,
        **{f"{name}_points": getattr(claim, name) for name in BOUNDS},
        "judged": claim.judged,
        "deciding_pair": verdict.decisive,
        "pairs_judged": len(verdict.pairs),
        "pairs": verdict.asked,
        "notes": "; ".join(verdict.notes),
    }


def _spread(name: str, value: Spread | None) -> dict[str, Value]:
    mean, sd = value if value else (None, None)
    return {f"{name}_percent": _percent(mean), f"{name}_sd": _percent(sd)}


def _percent(share: float | None) -> float | None:
    return _scaled(share, 0.01, 4)


def _scaled(value: float | None, unit: float, digits: int) -> float | None:
    # Adding zero turns -0.0 into 0.0.
    return None if value is None else round(value / unit, digits) + 0.0


def _plain(value: Value) -> Value:
    return str(value).lower() if isinstance(value, bool) else value
