"""The trial that a command's word means, said to the user."""

from __future__ import annotations

from pathlib import Path

import click

from reidbench.run.named_trial import find_trial
from reidbench.store import Store


def trial_called(word: str, store: Path) -> str:
    """Return the result file or key of the trial that a word means, and say which it is.

    Raises:
        ReidbenchError: it means none, or several.
    """
    found = find_trial(word, Store(store))
    if found.place != word:
        click.echo(f"{word}: {found}", err=True)
    return found.place
