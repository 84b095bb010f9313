"""The site as a browser gets it: pages, the places in them, and the links between them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support.places import ROOT

SOURCES = ("zensical.toml", "docs", "CHANGELOG.md", "reidbench", "leaderboard")
HEADINGS = ("h1", "h2", "h3", "h4")


@dataclass
class Page(HTMLParser):
    """What a test asks of a page.

    Attributes:
        path: relative to the site.
        places: the ids that a link may lead to.
        links: text and target of each ``<a>``.
        loaded: what the browser fetches to show the page.
        sections: the text under each heading's id, up to the next heading.

    """

    path: Path
    places: set[str] = field(default_factory=set)
    links: list[tuple[str, str]] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)
    _section: str = ""
    _link: str | None = None
    _text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            self.places.add(given["id"])
        if tag in HEADINGS and "id" in given:
            self._section = given["id"]
        if tag == "a" and "href" in given:
            self._link, self._text = given["href"], ""
        elif tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loaded.append(given["src"])
        elif tag == "link" and given.get("rel") not in ("canonical", "next", "prev", "alternate"):
            self.loaded.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self.links.append((" ".join(self._text.split()), self._link))
            self._link = None

    def handle_data(self, data: str) -> None:
        self._text += data
        self.sections[self._section] = self.sections.get(self._section, "") + data


@dataclass(frozen=True)
class Site:
    """A built site.

    Attributes:
        folder: where its files are.
        said: what the build printed.

    """

    folder: Path
    said: str
    pages: dict[Path, Page]

    def target(self, page: Page, link: str) -> tuple[Path, str] | None:
        """Return the file and the place in it that a link leads to; None if it leaves the site."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return None
        file = self.folder / page.path
        if parts.path:
            file = (file.parent / unquote(parts.path)).resolve()
        if file.is_dir():
            file /= "index.html"
        return file, unquote(parts.fragment)


def build_site(folder: Path) -> Site:
    """Build the site of this checkout in a folder, strictly.

    Raises:
        AssertionError: the build fails, or warns.

    """
    for name in SOURCES:
        source, copy = ROOT / name, folder / name
        if name in ("docs", "leaderboard"):
            shutil.copytree(source, copy)
        elif source.is_dir():
            copy.symlink_to(source)
        else:
            shutil.copy(source, copy)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    site = folder / "build" / "docs"
    pages = {}
    for file in sorted(site.rglob("*.html")):
        page = Page(file.relative_to(site))
        page.feed(file.read_text(encoding="utf-8"))
        pages[page.path] = page
    return Site(site.resolve(), done.stdout + done.stderr, pages)
