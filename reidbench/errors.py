"""Errors that a user can fix: each is one clear sentence, shown without a traceback."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from types import FrameType


class ReidbenchError(Exception):
    """Anything that is wrong with the input rather than with reidbench; the CLI exits with 2."""


class WeightsError(ReidbenchError):
    """Published weights that are not there, or not of the network they are loaded into."""


class ComponentError(ReidbenchError):
    """A component that broke its contract: the trials that use it fail, the suite goes on."""


class MethodError(ComponentError):
    """A method that broke its contract: the trial fails, the suite goes on."""


class Diverged(Exception):  # noqa: N818 - the name of the status a trial ends with
    """Numbers that are no longer finite: the trial ends without scores."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name closest to ``name``, or ``""``."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def one_line(error: BaseException) -> str:
    """Return an error's message on one line, or ``""`` if it has none."""
    return " ".join(str(error).split())


def named_line(error: BaseException) -> str:
    """Return an error's type and message on one line: ``KeyError: 'x'``."""
    message = one_line(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def forget_variables(error: BaseException) -> None:
    """Clear the variables of the frames that an error and its causes passed.

    An error that is kept would keep what they hold: networks.
    """
    passed: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in passed:  # a plugin may make it its own cause
        traceback.clear_frames(found.__traceback__)
        passed.add(id(found))
        found = found.__cause__ or found.__context__


def own_frames(error: BaseException, target: str) -> list[tuple[FrameType, int]]:
    """Return an error's frames in the package of a plugin, each with its line number.

    ``target`` names something of that package, as ``package.module:name``.
    """
    package = target.partition(":")[0].partition(".")[0]
    return [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]


def last_own_place(error: BaseException, target: str) -> str:
    """Return the last of ``own_frames`` as ``file.py:line``, or ``""`` if there is none."""
    own = own_frames(error, target)
    return f"{Path(own[-1][0].f_code.co_filename).name}:{own[-1][1]}" if own else ""
