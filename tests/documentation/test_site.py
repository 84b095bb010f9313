"""The site builds without a warning, is complete, has no dead link, and loads nothing from afar."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click

import reidbench
from reidbench import api, testing
from reidbench.cli import cli
from reidbench.plugins import hookspecs
from tests.documentation.site import Site
from tests.support.places import ROOT

FRONT = Path("index.html")
NOT_FOUND = Path("404.html")
"""Its links begin with the address of the site, wherever that will be."""


def test_it_builds_without_a_warning(site: Site) -> None:
    assert "No issues found" in site.said
    assert re.findall(r".*(?:warn|error).*", site.said, re.IGNORECASE) == []


def test_every_page_of_the_docs_is_a_page_of_the_site(site: Site) -> None:
    sources = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    made = {path.parent if path.name == "index.html" else path for path in site.pages}
    missing = [
        source
        for source in sources
        if (source.parent if source.stem in ("index", "README") else source.with_suffix(""))
        not in made
    ]
    assert len(sources) > 60
    assert missing == []


def _address(source: Path) -> Path:
    return source.parent if source.stem in ("index", "README") else source.with_suffix("")


def test_every_link_leads_to_a_page_and_a_place_in_it(site: Site) -> None:
    followed, dead = 0, []
    for page in site.pages.values():
        for text, link in page.links if page.path != NOT_FOUND else ():
            target = site.target(page, link)
            if target is None:
                continue
            followed += 1
            file, place = target
            known = site.pages.get(file.relative_to(site.folder)) if file.exists() else None
            if not file.exists() or (place and known and place not in known.places):
                dead.append(f"{page.path}: [{text}]({link})")
    assert followed > 1000
    assert sorted(set(dead)) == []


def test_what_a_page_shows_and_loads_comes_with_it(site: Site) -> None:
    loaded = [
        (page, link)
        for page in site.pages.values()
        if page.path != NOT_FOUND
        for link in page.loaded
    ]
    assert len(loaded) > 100
    targets = [(page.path, link, site.target(page, link)) for page, link in loaded]
    assert [found[:2] for found in targets if not (found[2] and found[2][0].exists())] == []
    styles = [path.read_text(encoding="utf-8") for path in site.folder.rglob("*.css")]
    assert styles
    assert [link for style in styles for link in re.findall(r"url\((https?://[^)]+)", style)] == []


def channel_names() -> list[str]:
    """Return what the channel engine offers: what its ``__init__`` imports under the same name."""
    tree = ast.parse((ROOT / "reidbench/engine/channels/__init__.py").read_text(encoding="utf-8"))
    return [
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.asname == name.name
    ]


def public_names() -> list[str]:
    hooks = (*hookspecs.COLLECTING, *hookspecs.OBSERVING)
    return [
        *(f"reidbench.{name}" for name in reidbench.__all__ if name != "__version__"),
        *(f"reidbench.api.{name}" for name in api.__all__),
        *(f"reidbench.engine.channels.{name}" for name in channel_names()),
        *(f"reidbench.plugins.hookspecs.{name}" for name in hooks),
        *(f"reidbench.testing.{name}" for name in testing.__all__),
        *(f"reidbench.api.{name}" for name in ("OnDisk.find", "Place.under", "Split.read")),
    ]


def test_every_public_name_has_its_place_on_one_page(site: Site) -> None:
    places = [place for page in site.pages.values() for place in page.places]
    assert len(public_names()) > 60
    assert [name for name in public_names() if places.count(name) != 1] == []


def commands(command: click.Command, *words: str) -> list[tuple[str, click.Command]]:
    found = [(" ".join(words), command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += commands(inner, *words, name)
    return found


def test_every_command_and_option_is_in_the_reference(site: Site) -> None:
    page = site.pages[Path("cli/index.html")]
    missing = [
        f"{name} {option}"
        for name, command in commands(cli, "reidbench")
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option not in page.sections.get(name.replace(" ", "-"), "")
    ]
    assert len(page.sections) > 20
    assert missing == []


def test_no_docstring_shows_markup_of_another_language(site: Site) -> None:
    pages = [page for path, page in site.pages.items() if path.parts[0] in ("api", "methods")]
    shown = [text for page in pages for text in page.sections.values()]
    assert [role for text in shown for role in re.findall(r":(?:class|func|meth):\S*", text)] == []
