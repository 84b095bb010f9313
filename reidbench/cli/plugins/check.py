"""``reidbench plugins check``: whether methods, backbones and data sets keep the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import click
from click.core import ParameterSource

from reidbench.api.records import BackboneRecord, DatasetRecord, MethodRecord, Record
from reidbench.cli.inputs import size_of
from reidbench.cli.options import installed, shared
from reidbench.engine.collection import seldom_collected
from reidbench.plugins import Component, Registry

if TYPE_CHECKING:
    from reidbench.testing import Check, Outcome
    from reidbench.testing.check import Status

_MARGIN = " " * 11
WORDS = {"ok": "ok", "refused": "refused", "failed": "FAILED", "blocked": "-"}
FEW_PICTURES = 32
Scope = Literal["inner", "all"]

_OF_KIND: dict[str, tuple[type[Record], str]] = {
    "backbones": (MethodRecord, "--backbone"),
    "scopes": (MethodRecord, "--scope"),
    "size": (BackboneRecord, "--size"),
    "data": (DatasetRecord, "--data"),
}
"""Options that concern components of one kind alone."""
_NOUNS: dict[type[Record], str] = {
    MethodRecord: "method",
    BackboneRecord: "backbone",
    DatasetRecord: "data set",
}


@click.command("check", short_help="Try methods, backbones, data sets; say what is wrong.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--backbone",
    "backbones",
    multiple=True,
    metavar="NAME",
    help="For methods: rank this backbone too, besides a tiny network; may be repeated.  "
    "[default: all]",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["inner", "all"]),
    help="For methods: rank the backbones in this scope alone.  [default: both]",
)
@click.option(
    "--size",
    metavar="CxHxW",
    help="For backbones: the only size of images it has to take.  [default: those of the "
    "published protocols]",
)
@shared("data")
@click.option(
    "--fast",
    is_flag=True,
    help=f"Seconds instead of minutes: tiny networks alone, {FEW_PICTURES} pictures of each split.",
)
@click.pass_context
def command(context: click.Context, /, names: tuple[str, ...], **asked: Any) -> int:
    """Try the methods, backbones and data sets called NAME, and say what is wrong with them.

    A method runs through whole prune phases of a few steps on a tiny network and drawn images,
    and ranks every installed backbone. A backbone is built, run, captured, cut and filled with
    weights. A data set is opened and read where it lies below --data, or as a small drawn
    stand-in.

    \b
    ok       it passed
    refused  it said that it cannot, and why (CannotScore; data that are not here): no fault
    FAILED   the line below says what it did, what was expected, and how to correct it
    -        not known before another check passes

    \b
    Examples:
      reidbench plugins check l1 --fast
      reidbench plugins check mine --backbone resnet18 --scope inner
      reidbench plugins check resnet18 --size 3x256x128
      reidbench plugins check market1501 --data /datasets

    Exit status: 0 all passed or refused, 1 failed or not known, 2 wrong input.
    """  # noqa: D301 - click wants the character, not the two letters
    if asked["fast"] and (asked["backbones"] or asked["scopes"]):
        raise click.UsageError("--fast checks tiny networks alone: leave --backbone, --scope out")
    registry = installed(context.obj or ())
    components = [component for name in names for component in registry.named(name)]
    if context.get_parameter_source("data") is not ParameterSource.COMMANDLINE:
        asked["data_default"], asked["data"] = asked["data"], None
    _refuse_what_concerns_none(components, asked)
    settings = [_settings(component.record, registry, asked) for component in components]
    # All of them, whatever the first one's outcome is.
    with seldom_collected():
        failed = [_check(*pair) for pair in zip(components, settings, strict=True)]
    return 1 if any(failed) else 0


def _refuse_what_concerns_none(components: Sequence[Component[Any]], asked: dict[str, Any]) -> None:
    for option, (kind, word) in _OF_KIND.items():
        if asked[option] and not any(isinstance(one.record, kind) for one in components):
            raise click.UsageError(
                f"{word} is for a {_NOUNS[kind]}, and none is named: leave it out"
            )


def _settings(record: Record, registry: Registry, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a component's checks."""
    if isinstance(record, MethodRecord):
        known = [registry.backbones.get(name).record.name for name in asked["backbones"]]
        chosen = [] if asked["fast"] else known or registry.backbones.names()
        return {"backbones": chosen, "scopes": asked["scopes"] or ("inner", "all")}
    if isinstance(record, BackboneRecord):
        if asked["size"]:
            return {"size": size_of(asked["size"]), "sizes": ()}
        return {"sizes": ()} if asked["fast"] else {}
    root: Path = asked["data"] or asked["data_default"]
    return {"root": root, **({"pictures": FEW_PICTURES} if asked["fast"] else {})}


def _check(component: Component[Any], settings: dict[str, Any]) -> int:
    """Run the checks of one component, a line each; return how many did not pass."""
    # Imported here, so that a wrong name never waits for torch.
    from reidbench.engine.device import prepare_device
    from reidbench.testing import checks

    # Networks this small only get slower with more.
    prepare_device("cpu", threads=1)
    record, started = component.record, perf_counter()
    all_checks = list(checks(record, **settings))
    kind, count = _NOUNS[type(record)], len(all_checks)
    click.echo(f"{kind} {record.name} {record.version} of {component.owner}: {count} checks")
    counts = Counter(outcome.status for outcome in _reported(all_checks))
    click.echo(f"{_summary(counts)} in {perf_counter() - started:.0f}s\n")
    return counts["failed"] + counts["blocked"]


def _reported(all_checks: list[Check]) -> Iterator[Outcome]:
    from rich.console import Console  # here, because listings and help need none of it

    for check in all_checks:
        check.begin()
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
