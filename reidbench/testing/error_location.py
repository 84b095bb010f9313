"""Describes what a method raised by its last place in the code of its author."""

from __future__ import annotations

import inspect
import re

from reidbench.api.method import Method
from reidbench.api.records import MethodRecord
from reidbench.errors import last_own_place, one_line, own_frames

_RANKS = {"prepare", "scores"}


def described(error: BaseException, record: MethodRecord) -> str:
    """Return the error's type and message on one line, and its last place in the plugin's code.

    Of a hook that cannot be called as the harness calls it, the signature instead.
    """
    text = one_line(error)
    said = f"{type(error).__name__} ({text})" if text else type(error).__name__
    if place := last_own_place(error, record.target):
        return f"{said} at {place}"
    called = re.search(r"(\w+)\(\)", text) if isinstance(error, TypeError) else None
    if called and callable(hook := getattr(Method, called[1], None)):
        signature = ", ".join(inspect.signature(hook).parameters)
        return f"{said}, which must be defined as {called[1]}({signature})"
    return said


def raised_while_ranking(error: BaseException, record: MethodRecord) -> bool:
    """Return whether a method raised while it ranked, where ``CannotScore`` is an answer."""
    return any(frame.f_code.co_name in _RANKS for frame, _ in own_frames(error, record.target))
