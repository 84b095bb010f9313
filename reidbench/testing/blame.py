"""Says of what a method raised where that was, in the words of its author."""

from __future__ import annotations

import inspect
import re
import traceback
from pathlib import Path
from types import FrameType, TracebackType

from reidbench.method import Method
from reidbench.records import MethodRecord

_RANKS = {"prepare", "scores"}


def described(error: BaseException, record: MethodRecord) -> str:
    """Return the error's type and words on one line, and its last place in the plugin's own code.

    Where it never came that far, how the harness calls what could not be called.
    """
    text = " ".join(str(error).split())
    said = f"{type(error).__name__} ({text})" if text else type(error).__name__
    own = _own_frames(error.__traceback__, record)
    if own:
        frame, line = own[-1]
        return f"{said} at {Path(frame.f_code.co_filename).name}:{line}"
    called = re.search(r"(\w+)\(\)", text) if isinstance(error, TypeError) else None
    if called and callable(hook := getattr(Method, called[1], None)):
        signature = ", ".join(inspect.signature(hook).parameters)
        return f"{said}, which must be defined as {called[1]}({signature})"
    return said


def could_refuse(error: BaseException, record: MethodRecord) -> bool:
    """Return whether ``CannotScore`` could have been said instead: while it ranked, that is."""
    return any(
        frame.f_code.co_name in _RANKS for frame, _ in _own_frames(error.__traceback__, record)
    )


def _own_frames(trace: TracebackType | None, record: MethodRecord) -> list[tuple[FrameType, int]]:
    package = record.target.partition(":")[0].partition(".")[0]
    return [
        (frame, line)
        for frame, line in traceback.walk_tb(trace)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
