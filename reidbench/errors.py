"""The errors a user can mend: each is one clear sentence, shown without a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ReidbenchError(Exception):
    """Anything that is wrong with the input rather than with reidbench; the CLI exits with 2."""


class WeightsError(ReidbenchError):
    """Published weights that are not there, or not of the network they are loaded into."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name closest to ``name``, or ``""``."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


class Diverged(Exception):  # noqa: N818 - the name of the status a trial ends with
    """Numbers that are no longer finite: a trial's honest outcome, never a score."""
