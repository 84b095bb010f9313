"""The digest of the whole published site: every machine that runs the tests compares its own.

``python -m tests.support.site_digest`` builds the site of ``leaderboard/`` and writes the digest.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from reidbench.plugins import discover
from tests.support.commands import environment, reidbench
from tests.support.places import ROOT

FILE = ROOT / "leaderboard" / "site.sha256"
WRITE = "python -m tests.support.site_digest"
PACKAGES = ("vl-convert-python", "Jinja2", "markdown-it-py")
"""Packages whose other versions may write other bytes."""


def digest(site: Path) -> str:
    """Return the SHA-256 of what ``sha256sum`` says of the files of a site, by sorted paths.

    It is ``find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum``.
    """
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    lines = (f"{hashlib.sha256((site / it).read_bytes()).hexdigest()}  ./{it}\n" for it in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def makers() -> str:
    """Return the packages that make a site, with their versions."""
    return ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def strangers() -> set[str]:
    """Return the distributions other than reidbench whose methods have pages of their own."""
    return {it.owner.distribution for it in discover().methods.components} - {"reidbench"}


def line(site: Path) -> str:
    """Return the line that is committed of a site."""
    return f"{digest(site)}  {makers()}\n"


@contextmanager
def published_site() -> Iterator[Path]:
    """Build the site of ``leaderboard/`` in a folder that goes again; exit where that fails."""
    if others := strangers():
        sys.exit(f"methods of {', '.join(sorted(others))} have pages too: uninstall them first")
    with TemporaryDirectory() as scratch:
        site = Path(scratch) / "site"
        done = reidbench("site", "leaderboard", "--out", site, cwd=ROOT, env=environment())
        if done.returncode:
            sys.exit(done.stderr)
        yield site


def main() -> None:
    """Build the published site and write its digest."""
    with published_site() as site:
        FILE.write_text(line(site), encoding="utf-8")
    print(f"written: {FILE}")


if __name__ == "__main__":
    main()
