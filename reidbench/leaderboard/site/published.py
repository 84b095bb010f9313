"""Published suites: folders of results, read one at a time because results are large."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from reidbench.config.suite import load_suite
from reidbench.leaderboard.build import build
from reidbench.leaderboard.latency import with_latency_beside
from reidbench.leaderboard.model import Leaderboard, Row
from reidbench.leaderboard.row_trials import gather
from reidbench.leaderboard.splits import pool_splits
from reidbench.leaderboard.states import FolderState, in_state
from reidbench.results import CURVES, Result, packs, read_curves, read_results, single_files
from reidbench.results.curves import Curves
from reidbench.text import writable

SUITE_FILE = "suite.yaml"
RUN_RESULTS = "results"
RowKey = tuple[object, ...]


@dataclass(frozen=True)
class Published:
    """A folder of results, named after it, and the leaderboard that they make."""

    name: str
    board: Leaderboard
    results: Sequence[Result]
    trials: Mapping[RowKey, Sequence[tuple[int, str]]]
    """Seeds and keys of each row, by :func:`row_key`."""
    state: FolderState
    curves: Curves
    """Of the phases that trained, by their keys."""
    place: str
    """Where its results are in a clone, as ``leaderboard/quickstart``."""

    def again(self, key: str) -> str:
        """Return the command that runs a trial again."""
        return f"reidbench reproduce {quote(f'{self.place}/{key}')}"


def row_key(row: Row) -> RowKey:
    """Return what tells a row from all others of its leaderboard."""
    how = (row.method, row.version, row.distribution, row.strategy, row.allocation)
    return row.setting, *how, row.control, row.reduction


def result_folders(folder: Path) -> list[Path]:
    """Return the folders with results by name: those in ``folder``, or else itself."""
    if (folder / RUN_RESULTS).is_dir():
        return [folder]
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and _has_results(path))
    # Not both: what lies beside folders of results, as their states do, is no result.
    return inner or [path for path in (folder,) if _has_results(path)]


def _has_results(folder: Path) -> bool:
    home = _home(folder)
    return bool(single_files(home) or packs(home))


def _home(folder: Path) -> Path:
    """Return where the results of a folder are: a run keeps them in a folder of their own."""
    inner = folder / RUN_RESULTS
    return inner if inner.is_dir() else folder


def read_published(folder: Path, state: FolderState | None = None) -> Published:
    """Read the results of a folder, with the seeds and claims of the suite beside them.

    Timings that lie there as ``latency.json`` are joined. ``state`` says what became of the folder.
    """
    results = read_results(_home(folder))
    copy = folder / SUITE_FILE
    suite = load_suite(copy).content if copy.is_file() else None
    board = build(results, suite.claims, suite.seeds) if suite else build(results)
    state = state or FolderState()
    board = with_latency_beside(in_state(board, state), folder)
    curves = read_curves(_home(folder) / CURVES)
    name = writable(folder.resolve().name)
    whole = folder.resolve()
    place = writable(_home(whole).relative_to(whole.parent.parent).as_posix())
    return Published(name, board, results, dict(_trials(results)), state, curves, place)


def _trials(results: Sequence[Result]) -> Iterator[tuple[RowKey, list[tuple[int, str]]]]:
    keys: dict[RowKey, list[tuple[int, str]]] = defaultdict(list)
    for own in gather(pool_splits(results)):
        method, trial = own.method, own.id
        how = (trial.method, method.version, method.distribution, trial.strategy, trial.allocation)
        key = (own.setting, *how, trial.control, trial.reduction)
        keys[key] += [(result.trial.seed, result.key) for result in own.trials]
    yield from keys.items()
