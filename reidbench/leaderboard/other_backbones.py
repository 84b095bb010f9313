"""The dense network of every other backbone beside a table: 'just use a smaller network'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reidbench.leaderboard.model import OtherNetwork, Row, Setting, Table
from reidbench.leaderboard.paired_scores import mean_ap, shared_resamples
from reidbench.leaderboard.rows import paired_delta
from reidbench.results import Result


def show_others(
    tables: Iterable[Table], results: Mapping[Setting, Sequence[Result]]
) -> tuple[Table, ...]:
    """Give each table the dense networks of the tables that differ in nothing but the backbone.

    A backbone of which only the dense control was run has no table of its own where another
    table shows it. ``results`` are those of each table.

    Raises:
        LeaderboardError: such dense networks were scored on different queries.

    """
    families: dict[Setting, list[Table]] = defaultdict(list)
    for table in tables:
        families[_but_for_backbone(table.setting)].append(table)
    shown = [
        _with_others(table, family, results)
        for family in families.values()
        for table in _worth_showing(family)
    ]
    return tuple(sorted(shown, key=lambda table: table.setting))


def _but_for_backbone(setting: Setting) -> Setting:
    parts = tuple(part for part in setting.parts if part.role != "backbone")
    return replace(setting, backbone="", parts=parts)


def _worth_showing(family: Sequence[Table]) -> list[Table]:
    """Leave out tables of a dense network alone that another one shows."""
    full = [table for table in family if any(section.rows for section in table.sections)]
    full = full or [max(family, key=_macs)]
    return [table for table in family if table in full or not _beside(table, full)]


def _beside(table: Table, family: Sequence[Table]) -> list[Table]:
    return [other for other in family if other.setting.backbone != table.setting.backbone]


def _with_others(
    table: Table, family: Sequence[Table], results: Mapping[Setting, Sequence[Result]]
) -> Table:
    others = [other for other in _beside(table, family) if other.reference]
    if not others:
        return table
    dense = {each.setting: _dense(results[each.setting]) for each in (table, *others)}
    rows = {
        other.setting: _compared(other.reference, dense[other.setting], dense[table.setting])
        for other in sorted(others, key=_macs, reverse=True)
        if other.reference
    }
    networks = (
        OtherNetwork(setting=setting, row=replace(row, label=_label(setting, rows)))
        for setting, row in rows.items()
    )
    return replace(table, others=tuple(networks))


def _compared(row: Row, trials: Sequence[Result], dense: Sequence[Result]) -> Row:
    """Compare another backbone's dense row to the table's, by the same queries."""
    both = [*trials, *dense]
    resamples = shared_resamples(both)
    seeds = sorted({result.trial.seed for result in both})
    own, base = (mean_ap(each, seeds, resamples) for each in (trials, dense))
    return replace(
        row,
        # Reductions are shares of a row's own dense network: here they would say nothing.
        reduction=None,
        max_miss=None,
        delta=paired_delta(trials, dense),
        delta_interval=own.minus(base) if own and base else None,
    )


def _dense(results: Sequence[Result]) -> list[Result]:
    return [result for result in results if result.trial.control and not result.trial.reduction]


def _label(setting: Setting, shown: Iterable[Setting]) -> str:
    """Name a network as ``resnet18 dense``, with its version where two are shown."""
    versions = [part.version for part in setting.parts if part.role == "backbone"]
    alone = sum(other.backbone == setting.backbone for other in shown) == 1
    return " ".join([setting.backbone, *(f"v{it}" for it in versions if not alone), "dense"])


def _macs(table: Table) -> float:
    return (table.reference and table.reference.macs) or 0.0
