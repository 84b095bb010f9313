"""The dense network of every other backbone beside a table: 'just use a smaller network'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reidbench.leaderboard.model import Row, Table, TableSetting
from reidbench.leaderboard.paired_scores import PairedScores, refuse_different_queries
from reidbench.leaderboard.row_trials import RowTrials, grouped
from reidbench.leaderboard.rows import compared


def with_other_backbones(
    tables: Iterable[Table], dense: Mapping[TableSetting, RowTrials], scores: PairedScores
) -> tuple[Table, ...]:
    """Give each table the dense networks of the tables that differ in nothing but the backbone.

    A backbone of which only the dense control was run has no table of its own where another
    table shows it. ``dense`` are the dense trials of each table that has some.

    Raises:
        LeaderboardError: such dense networks were scored on different queries.

    """
    families = grouped(tables, lambda table: table.setting.family).values()
    shown = [
        replace(table, other_networks=_other_networks(table, family, dense, scores))
        for family in families
        for table in _worth_showing(family)
    ]
    return tuple(sorted(shown, key=lambda table: table.setting))


def _worth_showing(family: Sequence[Table]) -> list[Table]:
    """Leave out tables of a dense network alone that another one shows."""
    full = [table for table in family if any(section.rows for section in table.sections)]
    full = full or [max(family, key=_macs)]
    return [table for table in family if table in full or not _others(table, full)]


def _others(table: Table, family: Sequence[Table]) -> list[Table]:
    """Return the tables of other backbones, the most MACs first."""
    others = [other for other in family if other.setting.backbone != table.setting.backbone]
    return sorted(others, key=_macs, reverse=True)


def _other_networks(
    table: Table,
    family: Sequence[Table],
    dense: Mapping[TableSetting, RowTrials],
    scores: PairedScores,
) -> tuple[Row, ...]:
    base = dense.get(table.setting)
    rows = {it.setting: it.reference for it in _others(table, family) if it.reference}
    for setting in rows:
        refuse_different_queries([dense[setting], *([base] if base else [])])
    return tuple(
        replace(
            compared(row, dense[setting], base, scores),
            label=_label(setting, rows),
            # Reductions are shares of a row's own dense network: here they would say nothing.
            achieved=None,
            max_miss=None,
        )
        for setting, row in rows.items()
    )


def _label(setting: TableSetting, shown: Iterable[TableSetting]) -> str:
    """Name a network as ``resnet18 dense``, with its version where two are shown."""
    versions = [it.version for it in setting.components if it.role == "backbone"]
    alone = sum(other.backbone == setting.backbone for other in shown) == 1
    return " ".join([setting.backbone, *(f"v{it}" for it in versions if not alone), "dense"])


def _macs(table: Table) -> float:
    return (table.reference and table.reference.macs) or 0.0
