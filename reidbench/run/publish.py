"""Writes a leaderboard's pages to a folder."""

from __future__ import annotations

from pathlib import Path

from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.leaderboard import Leaderboard, claims_to_csv, to_csv, to_markdown


class PublicationError(ReidbenchError):
    """A page that cannot be written where it was asked for."""


def write_pages(board: Leaderboard, folder: Path) -> tuple[Path, ...]:
    """Write a leaderboard as Markdown and CSV, and its claims as CSV; return the files.

    Raises:
        PublicationError: a page cannot be written.

    """
    pages = {"leaderboard.md": to_markdown(board), "leaderboard.csv": to_csv(board)}
    if board.claims:
        pages["claims.csv"] = claims_to_csv(board)
    for name, page in pages.items():
        _write(folder / name, page)
    return tuple(folder / name for name in pages)


def _write(path: Path, page: str) -> None:
    try:
        write_atomically(path, page)
    except OSError as error:
        raise PublicationError(
            f"cannot write {path} ({error.strerror}); name another folder with --out"
        ) from error
