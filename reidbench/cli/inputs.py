"""What commands read from their words beyond what click knows."""

from __future__ import annotations

import re
from pathlib import Path

import click

from reidbench.errors import ReidbenchError
from reidbench.run.named_trial import find_trial
from reidbench.store import Store

_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)x([1-9]\d*)")


def size_of(text: str) -> tuple[int, int, int]:
    """Return channels, height and width of e.g. ``3x256x128``.

    Raises:
        ReidbenchError: it is no size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ReidbenchError(f"size '{text}' must be CxHxW, as in 3x256x128")
    channels, height, width = map(int, match.groups())
    return channels, height, width


def trial_called(word: str, store: Path) -> str:
    """Return the result file or key of the trial that a word means, and say which it is.

    Raises:
        ReidbenchError: it means none, or several.
    """
    found = find_trial(word, Store(store))
    if found.place != word:
        click.echo(f"{word}: {found}", err=True)
    return found.place
