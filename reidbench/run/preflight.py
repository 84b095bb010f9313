"""Checks a plan before any training, and lists all that would keep a run from its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reidbench.datasets.locate import MissingData
from reidbench.errors import ReidbenchError
from reidbench.plan import Plan, PreflightError, Trial, data_read, missing_text
from reidbench.run.findings import Finding
from reidbench.run.room import lack_of_room
from reidbench.store import Store

Examine: TypeAlias = Callable[[Plan, Sequence[Trial], Store | None], Iterable[Finding]]
"""Finds what is wrong with the components of trials; networks in the store are not loaded."""


@dataclass(frozen=True)
class Verdict:
    """What a plan's trials will come to before any has begun: by trial key, a sentence.

    Attributes:
        failing: trials whose own network, method or reduction cannot be used. The others run.
        inapplicable: trials whose network has no channel in the protocol's scope.

    """

    failing: Mapping[str, str]
    inapplicable: Mapping[str, str]

    @property
    def rows(self) -> dict[str, str]:
        """The trials that are rows without being run."""
        return {**self.inapplicable, **self.failing}


def preflight(
    plan: Plan,
    trials: Sequence[Trial],
    store: Store | None = None,
    examine: Examine | None = None,
) -> Verdict:
    """Refuse a plan of which nothing could be carried out, or which lacks what all of it needs.

    What is wrong with a single network, method or reduction of several makes rows of its trials,
    and never ends the others. It is refused where every trial that cuts, or that cuts at its
    reduction, would fail: then the suite is wrong, not one part of it.

    ``examine``: a worker process does it; without, components are made in this process.

    Raises:
        ReidbenchError: of its own kind where one thing is wrong: data sets that a user must bring
            are not there (``MissingData``) or are not fit, no network, method or reduction that
            can be used, a disk without room; ``PreflightError`` with a line for each where there
            are several.

    """
    problems: list[ReidbenchError] = []
    if text := missing_text(plan, data_read(trials)):
        problems.append(MissingData(text))
    found = list((examine or _examine_here)(plan, trials, store))
    problems += [it.error for it in found if not it.trials]
    unfit = [it for it in found if it.trials]
    failing = _sentences(it for it in unfit if it.applies)
    inapplicable = _sentences(it for it in unfit if not it.applies)
    if problems or _is_hopeless(plan, failing):
        problems += [it.error for it in unfit if it.applies]
    runs = [trial for trial in trials if trial.key not in {**failing, **inapplicable}]
    if store is not None and not problems and (text := lack_of_room(plan, runs, store)):
        problems.append(PreflightError(text))
    if len(problems) > 1:
        raise PreflightError("\n".join(dict.fromkeys(map(str, problems))))
    if problems:
        raise problems[0]
    return Verdict(failing, inapplicable)


def _examine_here(plan: Plan, trials: Sequence[Trial], store: Store | None) -> Iterable[Finding]:
    # Here, so that a driver whose workers examine never imports torch.
    from reidbench.run.examination import examine

    return examine(plan, trials, store)


def _sentences(unfit: Iterable[Finding]) -> dict[str, str]:
    """Return by the key of a trial all that is wrong with it."""
    found: dict[str, list[str]] = {}
    for finding in unfit:
        for key in finding.trials:
            found.setdefault(key, []).append(str(finding.error))
    return {key: "; ".join(dict.fromkeys(why)) for key, why in found.items()}


def _is_hopeless(plan: Plan, failing: Mapping[str, str]) -> bool:
    """Return whether all trials that cut fail, or all that cut at one of the reductions.

    Those of the whole plan, finished ones too, so that a run that is repeated for its failed rows
    is not refused for them.
    """
    cutting = [trial for trial in plan.trials if trial.cuts] or list(plan.trials)
    groups = [cutting]
    for reduction in {trial.id.reduction for trial in cutting}:
        groups.append([trial for trial in cutting if trial.id.reduction == reduction])
    return any(all(trial.key in failing for trial in group) for group in groups)


__all__ = ["PreflightError", "Verdict", "preflight"]
