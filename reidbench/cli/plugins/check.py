"""``reidbench plugins check``: whether a pruning method keeps the plugin contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Literal

import click

from reidbench.api.records import MethodRecord
from reidbench.cli.options import installed
from reidbench.plugins import Component

if TYPE_CHECKING:
    from reidbench.testing import Check, Outcome
    from reidbench.testing.check import Status

_MARGIN = " " * 11
WORDS = {"ok": "ok", "refused": "refused", "failed": "FAILED", "blocked": "-"}
Scope = Literal["inner", "all"]


@click.command("check", short_help="Try pruning methods, and say what is wrong with them.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--backbone",
    "backbones",
    multiple=True,
    metavar="NAME",
    help="Rank this backbone too, besides a tiny network; may be repeated.  [default: all]",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["inner", "all"]),
    help="Rank the backbones in this scope alone.  [default: both]",
)
@click.option("--fast", is_flag=True, help="Use tiny networks alone: seconds instead of minutes.")
@click.pass_context
def command(
    context: click.Context,
    names: tuple[str, ...],
    backbones: tuple[str, ...],
    scopes: tuple[Scope, ...],
    fast: bool,
) -> int:
    """Try the pruning methods called NAME, and say what is wrong with them.

    Each is run through whole prune phases of a few steps on a tiny network and drawn images:
    does it meet its target, spend its budget, leave the network alone, give equal results for
    equal seeds, never look at test images, say what data it needs? Then it ranks every
    installed backbone.

    \b
    ok       it passed
    refused  it said with CannotScore that it cannot, and why: no fault
    FAILED   the line below says what it did, what was expected, and how to correct it
    -        not known before another check passes

    \b
    Examples:
      reidbench plugins check l1 --fast
      reidbench plugins check mine --backbone resnet18 --scope inner

    Exit status: 0 all passed or refused, 1 failed or not known, 2 wrong input.
    """  # noqa: D301 - click wants the character, not the two letters
    if fast and (backbones or scopes):
        raise click.UsageError("--fast checks tiny networks alone: leave --backbone, --scope out")
    registry = installed(context.obj or ())
    components = [registry.methods.get(name) for name in names]
    known = [registry.backbones.get(name).record.name for name in backbones]
    chosen = [] if fast else known or registry.backbones.names()
    # All of them, whatever the first one's outcome is.
    failed = [_check(component, chosen, scopes or ("inner", "all")) for component in components]
    return 1 if any(failed) else 0


def _check(
    component: Component[MethodRecord], backbones: list[str], scopes: tuple[Scope, ...]
) -> int:
    """Run the checks of one method, a line each; return how many did not pass."""
    # Imported here, so that a wrong name never waits for torch.
    from reidbench.engine.device import prepare_device
    from reidbench.testing import checks

    # Networks this small only get slower with more.
    prepare_device("cpu", threads=1)
    record, started = component.record, perf_counter()
    all_checks = list(checks(record, backbones=backbones, scopes=scopes))
    click.echo(f"{record.name} {record.version} of {component.owner}: {len(all_checks)} checks")
    counts = Counter(outcome.status for outcome in _reported(all_checks))
    click.echo(f"{_summary(counts)} in {perf_counter() - started:.0f}s\n")
    return counts["failed"] + counts["blocked"]


def _reported(all_checks: list[Check]) -> Iterator[Outcome]:
    from rich.console import Console  # here, because listings and help need none of it

    console, width = Console(stderr=True), max(len(check.name) for check in all_checks)
    for number, check in enumerate(all_checks, start=1):
        with console.status(f"{check.component}: {check.name} ({number} of {len(all_checks)})"):
            outcome = check.outcome()
        word = f"{WORDS[outcome.status]:8}"
        if outcome.status == "failed":
            word = click.style(word, fg="red", bold=True)
        line = f"  {word} {check.name:{width}} {outcome.seconds:6.1f}s"
        if outcome.status == "blocked":
            click.echo(f"{line}  {outcome.sentence}")
        else:
            click.echo(line)
        if outcome.status in ("failed", "refused"):
            click.echo(click.wrap_text(outcome.sentence, 96, _MARGIN, _MARGIN))
        yield outcome


def _summary(counts: Counter[Status]) -> str:
    words: dict[Status, str] = {
        "ok": "passed",
        "refused": "refused",
        "failed": "failed",
        "blocked": "not known",
    }
    parts = [f"{counts[status]} {word}" for status, word in words.items() if counts[status]]
    return ", ".join(parts)
