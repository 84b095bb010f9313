"""A leaderboard as CSV: one row each, every number in a column of its own."""

from __future__ import annotations

import csv
import io

from reidbench.leaderboard.table import Leaderboard, Row, Setting
from reidbench.stats import Spread

Value = str | int | float | bool | None


def to_csv(leaderboard: Leaderboard) -> str:
    """Write every row once; percentages and points as numbers, what is unknown as nothing."""
    rows = [
        {**_setting(table.setting), **_row(row)}
        for table in leaderboard.tables
        for row in table.unique_rows
    ]
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


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
