"""``reidbench site``: the leaderboard as pages for a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from reidbench.cards import make_cards, page, read_costs
from reidbench.cli.options import installed, shared
from reidbench.config.shipped import COSTS
from reidbench.errors import ReidbenchError
from reidbench.leaderboard.site.method_text import MethodText
from reidbench.submissions.about import load_about
from reidbench.submissions.folder import ABOUT
from reidbench.submissions.states import state_of

EXTRA = {"jinja2", "vl_convert", "markdown_it"}


@click.command("site")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/site"),
    show_default=True,
    help="Folder for the pages; a site that is there is replaced, anything else is not.",
)
@shared("disabled")
def command(directory: Path, out: Path, disabled: tuple[str, ...]) -> None:
    """Write the leaderboard of all results in DIRECTORY as a static site.

    DIRECTORY is a folder of results, or one that holds such folders, as leaderboard/ does. The
    site needs no server and no network: open index.html, or copy the folder to any web space.
    """
    try:
        from reidbench.leaderboard.site.write import write_site
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise ReidbenchError(
            f"the site needs {error.name}, which is not installed: pip install 'reidbench[site]'"
        ) from error
    pages = write_site(directory, out, _methods(disabled), state_of, _about)
    click.echo(f"written: {pages} pages in {out}; open {out / 'index.html'}", err=True)


def _methods(disabled: tuple[str, ...]) -> Iterator[MethodText]:
    catalogue = installed(disabled).methods
    components = [catalogue.get(name) for name in catalogue.names()]
    for card in make_cards(components, read_costs(COSTS)):
        yield MethodText(card.record.name, card.family.name, card.record.summary, page(card))


def _about(folder: Path) -> dict[str, str]:
    """Return who sent the results of a folder, empty without a form."""
    form = folder / ABOUT
    return load_about(form).model_dump() if form.is_file() else {}
