"""``reidbench new``: a plugin's first files, which work at once."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.cli.options import installed, shared
from reidbench.scaffold.names import KINDS, Kind, names_of
from reidbench.scaffold.write import write_plugin

_NEXT = {
    "method": "reidbench run {out}/suite.yaml --protocol smoke/1",
    "backbone": "reidbench run {out}/suite.yaml --protocol smoke/1",
    "dataset": "reidbench data make {name} stand-ins && "
    "reidbench run {out}/suite.yaml --protocol smoke/1 --data stand-ins",
    "observer": "reidbench run {out}/suite.yaml --protocol smoke/1",
}


@click.command("new")
@click.argument("name")
@click.option("--method", is_flag=True, help="Write a pruning method.")
@click.option("--backbone", is_flag=True, help="Write a backbone.")
@click.option("--dataset", is_flag=True, help="Write a data set.")
@click.option("--observer", is_flag=True, help="Write an observer of finished trials.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write; must not exist.  [default: NAME]",
)
@shared("disabled")
def command(name: str, out: Path | None, disabled: tuple[str, ...], **kinds: bool) -> None:
    """Write a plugin called NAME that works at once: code, tests, a suite, CI, a README.

    Its tests pass and its suite gives a row before you change a line; then make it yours.
    NAME is that of the distribution and of what it declares: lower case, words joined by '-'.

    \b
    Examples:
      reidbench new near-mean --method
      pip install -e near-mean
      reidbench plugins check near-mean --fast
    """  # noqa: D301 - click wants the character, not the two letters
    chosen: list[Kind] = [kind for kind in KINDS if kinds[kind]]
    if len(chosen) != 1:
        raise click.UsageError("say what it is: one of --method, --backbone, --dataset, --observer")
    (kind,) = chosen
    names = names_of(name, kind, installed(disabled))
    folder = out or Path(name)
    for file in write_plugin(names, kind, folder):
        click.echo(str(file))
    run = _NEXT[kind].format(out=folder, name=name)
    click.echo(f"\nNext:\n    pip install -e {folder}\n    pytest {folder}\n    {run}")
