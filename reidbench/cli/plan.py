"""``reidbench plan``: what a run would do, what is done, what is left."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import Any

import click
from tabulate import tabulate

from reidbench.cli.options import shared
from reidbench.errors import ReidbenchError
from reidbench.leaderboard import latency_beside
from reidbench.plan import (
    Node,
    Plan,
    PruneNode,
    Trial,
    data_read,
    missing_text,
    unfit_data,
)
from reidbench.run.card_rates import CPU, GPU, Rate, card_rate, likely_card, measured_rate
from reidbench.run.forecast import Forecast, forecast
from reidbench.run.forecast_text import forecast_text
from reidbench.run.image_macs import Images
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import PlannedSuite, plan_suite
from reidbench.run.preflight import preflight
from reidbench.run.price import price
from reidbench.run.price_text import price_lines
from reidbench.run.read_apart import refuse_deadly
from reidbench.run.workers.examiner import examiner
from reidbench.store import Store
from reidbench.text import counted, duration

_PHASE_WORDS = {
    "load": "load weights",
    "train": "train",
    "prune": "prune and retrain",
    "evaluate": "measure",
}


@click.command("plan")
@shared("suite", "out", "store", "data", "only", "protocol", "disabled")
@click.option(
    "--check",
    is_flag=True,
    help="Build every component and network too, as a run does before its first step: seconds.",
)
@click.option("--trials", is_flag=True, help="List every trial with its phases, too.")
@click.option(
    "--on",
    "card",
    metavar="CARD",
    help="Price it on a card by name, or several: a100, h100x8, cpu.  [default: as the plan's "
    f"own phases were measured; before, {CPU}, or {GPU} where there is a GPU]",
)
def command(check: bool, trials: bool, card: str | None, **given: Any) -> int:
    """Print what a run of SUITE would do, what is left, and what it costs, without running it.

    SUITE is a file, or the name of a suite that comes with reidbench: reidbench plan quickstart

    Exit status: 0, or 2 if a run would refuse it; with --check, 1 if rows of it are bound to fail.
    Whether components load, images are read and reductions are in reach is not looked at without
    --check.
    """
    options = RunOptions(**given, progress=sys.stderr)
    rate = None if card is None else card_rate(card)
    planned = plan_suite(options)
    # As a run does: it refuses a file of timings that it could not show at its end.
    latency_beside(planned.folder.root)
    plan, status, store = planned.plan, planned.folder.status, Store(options.store_folder)
    # The others were read for the plan's keys, as a run does too.
    drawn = [it for it in data_read(plan.trials) if not (it.missing or it.keyed_by_content)]
    refuse_deadly(drawn, options.patience, options.say)
    # Asked once: trials share nodes, and a store may be far away.
    done = {key for key in plan.nodes if store.has(key)}
    nodes = [node for key, node in plan.nodes.items() if key not in done]
    statuses = [status(trial) for trial in plan.trials]
    costs = list(_price(plan, nodes, store, rate))
    click.echo(_summary(plan, nodes, store, statuses, costs))
    if trials:
        click.echo("\n" + _listing(plan, statuses, done))
    ended = ("done", "not applicable")
    left = [trial for trial, its in zip(plan.trials, statuses, strict=True) if its not in ended]
    if missing := missing_text(plan, data_read(left)):
        click.echo("\n" + missing)
    refused, failing = _checked(planned, left, store) if check else (_unfit_lists(plan, left), 0)
    if refused:
        click.echo("\na run will refuse this:\n" + "\n".join(refused))
    return 2 if refused else 1 if failing else 0


def _unfit_lists(plan: Plan, left: Sequence[Trial]) -> list[str]:
    return [str(problem) for problem in unfit_data(plan, left)]


def _checked(planned: PlannedSuite, left: Sequence[Trial], store: Store) -> tuple[list[str], int]:
    """Return what a run would refuse, and how many trials are bound to fail, which are named.

    All is looked at that a run looks at before its first step, in a process that may end of it.
    """
    if not left:
        return [], 0
    plan = planned.plan
    try:
        with examiner(planned) as examine:
            verdict = preflight(plan, left, store, examine)
    except ReidbenchError as error:
        # What is missing is named already: a plan is made before the data are there.
        missing = missing_text(plan, data_read(left)).splitlines()
        return [line for line in str(error).splitlines() if line not in missing], 0
    for rows, word in ((verdict.failing, "will fail"), (verdict.inapplicable, "not applicable")):
        for why, count in Counter(rows.values()).items():
            click.echo(f"\n{counted(count, 'trial')} {word}: {why}")
    return [], len(verdict.failing)


def _price(plan: Plan, nodes: list[Node], store: Store, rate: Rate | None) -> Iterator[str]:
    """Yield what the plan computes, and what its rest takes at a rate or as measured here."""
    images, left = Images(), {node.key for node in nodes}
    made = len(left) < len(plan.nodes)
    whole, rest = price(plan.nodes.values(), images), price(nodes, images)
    done = [key for key in store.latest() if key in plan.nodes and key not in left] if made else []
    rate = rate or measured_rate(plan, store, images, done) or card_rate(likely_card())
    yield from price_lines(whole, rest, rate, images)


def _listing(plan: Plan, statuses: Sequence[str], done: Container[str]) -> str:
    """Return a line a trial: its phases, and what became of it."""
    rows = [
        (str(trial.id), _phases(trial, done), its)
        for trial, its in zip(plan.trials, statuses, strict=True)
    ]
    rows += [(str(point.id), f"- {point.why}", "not applicable") for point in plan.left_out]
    headers = ("trial", "phases (* done)", "result")
    return tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)


def _phases(trial: Trial, done: Container[str]) -> str:
    return " > ".join(trial.word(node) + ("*" if node.key in done else "") for node in trial.nodes)


def _saved(plan: Plan, expected: Forecast) -> str:
    """Return what sharing saves: phases, rankings, and time where it is known."""
    every = [node for trial in plan.trials for node in trial.nodes]
    prunes = {node.key: node for node in every if isinstance(node, PruneNode)}
    rankings = [node.ranking_key for node in prunes.values() if node.ranking_key]
    words = f"{len(every)} phases and measurements, {len(plan.nodes)} after sharing"
    if len(set(rankings)) < len(rankings):
        words += (
            f"; {len(rankings)} one-shot rankings, {len(set(rankings))} where they may be shared"
        )
    whole, shared = (expected.total(nodes)[0] for nodes in (every, plan.nodes.values()))
    return f"{words}; {duration(whole - shared)} saved" if whole - shared >= 1 else words


def _summary(
    plan: Plan, nodes: list[Node], store: Store, statuses: Sequence[str], costs: Sequence[str]
) -> str:
    expected = forecast(plan, store)
    left = Counter(_PHASE_WORDS[node.kind] for node in nodes)
    todo = ", ".join(f"{count} {kind}" for kind, count in sorted(left.items())) or "nothing"
    time = forecast_text(expected, nodes, store.root)
    beside = f" ({len(plan.left_out)} more not applicable)" if plan.left_out else ""
    done = statuses.count("done") + statuses.count("not applicable")
    lines = [
        f"{counted(len(plan.trials), 'trial')}{beside} under {plan.protocol.name}: {done} done, "
        f"{len(statuses) - done} left",
        _saved(plan, expected),
        *costs,
        f"left to run: {todo}",
        *([time] if time else []),
    ]
    return "\n".join(lines)
