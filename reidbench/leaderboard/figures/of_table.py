"""Every picture of a table, and of a suite's claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reidbench.leaderboard.claims.verdict import Verdict
from reidbench.leaderboard.figures.criteria import criterion_grid
from reidbench.leaderboard.figures.dot_plot import dot_plot
from reidbench.leaderboard.figures.figure import Figure
from reidbench.leaderboard.figures.forest import forest
from reidbench.leaderboard.figures.front import latency_front, parameters_front
from reidbench.leaderboard.figures.recovery import recovery
from reidbench.leaderboard.figures.widths import widths_kept
from reidbench.leaderboard.latency_file import Latency
from reidbench.leaderboard.model import Section, Table, TableSetting
from reidbench.leaderboard.render.latency_columns import cases
from reidbench.leaderboard.render.page import title
from reidbench.results import Result


def table_figures(
    stem: str,
    table: Table,
    results: Sequence[Result],
    families: Mapping[str, str],
    latency: Latency | None = None,
) -> Iterator[Figure]:
    """Yield the pictures that the results of a table allow, each named after ``stem``."""
    what = title(table.setting)
    for section in table.sections:
        yield from filter(None, _of_section(stem, what, section, results, families))
    yield from filter(None, _fronts(stem, what, table, families, latency))


def _fronts(
    stem: str, what: str, table: Table, families: Mapping[str, str], latency: Latency | None
) -> Iterator[Figure | None]:
    yield parameters_front(f"{stem}-parameters", what, table, families)
    if latency:
        for case in cases(table.unique_rows):
            name = f"{stem}-latency-{case[0]}-{case[1]}"
            yield latency_front(name, what, table, families, case, str(latency.machine))


def _of_section(
    stem: str, what: str, section: Section, results: Sequence[Result], families: Mapping[str, str]
) -> Iterator[Figure | None]:
    name = f"{stem}-{100 * section.reduction:g}".replace(".", "_")
    own = [it for it in results if it.trial.reduction == section.reduction]
    yield dot_plot(f"{name}-map", what, section, families)
    yield recovery(f"{name}-recovery", what, section)
    yield widths_kept(f"{name}-widths", what, section.reduction, own)
    yield criterion_grid(f"{name}-criteria", what, section)


def claim_figures(stem: str, suite: str, verdicts: Sequence[Verdict]) -> list[Figure]:
    """Return the picture of a suite's claims, if it has any."""
    figure = forest(f"{stem}-claims", suite, verdicts)
    return [figure] if figure else []


def of_setting(setting: TableSetting, results: Sequence[Result]) -> list[Result]:
    """Return the results of a table: those whose names and protocol are its setting's."""
    return [
        it
        for it in results
        if (it.trial.scenario, it.trial.backbone, it.trial.source or "", it.trial.target)
        == (setting.scenario, setting.backbone, setting.source, setting.target)
        and it.protocol.get("sha256") == setting.protocol_hash
    ]
