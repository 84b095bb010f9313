"""``reidbench store verify``: whether every artefact is as it was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import click
from click.core import ParameterSource

from reidbench.cli.options import shared
from reidbench.cli.progress_bar import bar
from reidbench.errors import did_you_mean
from reidbench.store import Store, StoreError
from reidbench.store.cleanup import check
from reidbench.store.inventory import Artefact, survey
from reidbench.text import duration

_SHOWN = 4


@click.command("verify", short_help="Check every file against the digest noted when it was made.")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@shared("store")
@click.option("--remove", is_flag=True, help="Remove damaged artefacts; runs make them again.")
@click.pass_context
def command(context: click.Context, keys: tuple[str, ...], store: Path, remove: bool) -> int:
    """Check the artefacts called KEY, or all: notes readable, files as they were written.

    Every file is read and compared with its size and SHA-256, which were noted when the artefact
    was made. Those of versions that noted none are counted, and only their notes are read.

    Exit status: 0 nothing damaged, 1 damaged artefacts, 2 wrong input.
    """
    given = context.get_parameter_source("store") is ParameterSource.COMMANDLINE
    artefacts, kept = _asked(store, keys), Store(store)
    same_store = f" --store {store}" if given else ""
    repair = f"to repair it: reidbench store verify --remove{same_store}"
    damaged, unknown, started = 0, [], perf_counter()
    size = sum(each.size for each in artefacts)
    with bar(f"verifying {len(artefacts)} artefacts", size, in_bytes=True) as tick:
        for artefact in artefacts:
            faults = check(kept, artefact.key, tick)
            if faults is None:
                unknown.append(artefact.key)
            elif faults:
                damaged += 1
                done = f"{repair} {artefact.key}"
                if remove:
                    kept.remove(artefact.key)
                    done = "removed, the next run that needs it makes it again"
                click.echo(f"{artefact.key} ({artefact.kind}): {'; '.join(faults)}; {done}")
    if unknown:
        click.echo(_unverifiable(unknown))
    took = duration(perf_counter() - started)
    sound = len(artefacts) - damaged - len(unknown)
    click.echo(f"{store}: {sound} of {len(artefacts)} verified, {damaged} damaged, in {took}")
    return 1 if damaged else 0


def _asked(store: Path, keys: Sequence[str]) -> list[Artefact]:
    found = {each.key: each for each in survey(Store(store)).artefacts}
    for key in keys:
        if key not in found:
            raise StoreError(
                f"{store}: no artefact '{key}'{did_you_mean(key, found)} "
                "(reidbench store list shows all)"
            )
    return [found[key] for key in dict.fromkeys(keys)] if keys else list(found.values())


def _unverifiable(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:_SHOWN])
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return f"not verifiable (made before digests were kept): {shown}{more}"
