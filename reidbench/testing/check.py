"""A check: a named function that passes, is refused, or fails with one sentence."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import ClassVar, Literal

from reidbench.api.method import Method
from reidbench.api.records import BackboneRecord, DatasetRecord, MethodRecord, Record
from reidbench.api.tasks import CannotScore
from reidbench.engine.channels import ScopeError
from reidbench.errors import (
    Diverged,
    MethodError,
    ReidbenchError,
    last_own_place,
    one_line,
    own_frames,
)
from reidbench.interrupts import fault_of


def described(error: BaseException, record: Record) -> str:
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


Status = Literal["ok", "refused", "failed", "blocked"]
Kind = Literal["method", "backbone", "data set"]
KINDS: dict[type[Record], Kind] = {
    MethodRecord: "method",
    BackboneRecord: "backbone",
    DatasetRecord: "data set",
}


def noun(record: Record) -> str:
    """Return a component's kind and name, as sentences about it begin."""
    return f"{KINDS[type(record)]} '{record.name}'"


class CheckFailed(AssertionError):  # noqa: N818 - it says what happened, as CannotScore does
    """A component broke its contract: what it did, where, and how to correct it, in a sentence."""

    status: ClassVar[Status] = "failed"


class Blocked(CheckFailed):
    """A check whose result means nothing until another one passes."""

    status = "blocked"


class Refused(Exception):  # noqa: N818 - an outcome, not a fault
    """A check that does not apply: a method raised ``CannotScore``, data are not here."""

    status: ClassVar[Status] = "refused"


class RefusalWarning(UserWarning):
    """The warning of a check that passed because it was refused."""


@dataclass(frozen=True)
class Outcome:
    """How a check ended.

    Attributes:
        status: ``ok``; ``refused`` with a reason, which is no fault (a method's ``CannotScore``,
            a data set that is not here); ``failed``; or ``blocked``, when another check has to
            pass first.
        sentence: the reason, or what to correct; empty if all is well.
        seconds: the wall-clock time it took.
    """

    status: Status
    sentence: str
    seconds: float


def at_once() -> None:
    """Start nothing: most checks begin when they run."""


@dataclass(frozen=True)
class Check:
    """One named check of one component; ``str()`` is its name, as ``pytest`` wants for ids.

    ``begin`` starts what it waits for, if anything, for others to run meanwhile.
    """

    name: str
    component: str
    body: Callable[[], None] = field(repr=False)
    kind: Kind = "method"
    begin: Callable[[], None] = field(default=at_once, repr=False)

    def __str__(self) -> str:
        return self.name

    def run(self) -> None:
        """Return if the component passes; warn with a ``RefusalWarning`` if it was refused.

        Raises:
            CheckFailed: it broke its contract, or another check must pass first.
        """
        try:
            self.body()
        except Refused as refusal:
            text = f"{self.component}: {self.name} was refused: {refusal}"
            warnings.warn(text, RefusalWarning, stacklevel=2)

    __call__ = run

    def outcome(self) -> Outcome:
        """Run the check and return how it ended, whatever it raises."""
        status: Status = "ok"
        sentence, start = "", perf_counter()
        # A record may be broken in ways that no check foresees: it still gets its line.
        error = fault_of(self.body)
        if isinstance(error, CheckFailed | Refused):
            status, sentence = error.status, str(error)
        elif error is not None:
            status, text = "failed", one_line(error)
            sentence = (
                f"{self.kind} '{self.component}' broke this check with {type(error).__name__} "
                f"({text}); compare its record and target with docs/plugins.md"
            )
        return Outcome(status, sentence, perf_counter() - start)


@contextmanager
def trying(record: Record, where: str) -> Iterator[None]:
    """Turn any error of a component in the block into a failure or a refusal, in one sentence.

    ``where`` ends a clause, e.g. ``in a prune phase to 0.5``.
    """
    whose = noun(record)
    try:
        yield
    except (CheckFailed, Refused):
        raise
    except ScopeError as error:
        raise Refused(str(error)) from error
    except MethodError as error:
        if isinstance(error.__cause__, CannotScore):
            raise _refusal(whose, where, error) from error
        raise CheckFailed(f"{error} (seen {where})") from error
    except Diverged as error:
        raise CheckFailed(
            f"{whose} made training diverge {where}: {error}; numbers must stay finite, "
            "so weaken its penalty or what else it does while training"
        ) from error
    except ReidbenchError as error:
        raise CheckFailed(f"{error} (seen {where})") from error
    except KeyboardInterrupt:
        raise
    # One that calls sys.exit() is at fault like any other.
    except BaseException as error:
        frames = own_frames(error, record.target)
        ranking = any(frame.f_code.co_name in ("prepare", "scores") for frame, _ in frames)
        refusing = ", or say with CannotScore what it lacks" if ranking else ""
        raise CheckFailed(
            f"{whose} raised {described(error, record)} {where}; it should work there{refusing}"
        ) from error


def _refusal(whose: str, where: str, error: MethodError) -> Refused | CheckFailed:
    if not str(error.__cause__).strip():
        return CheckFailed(
            f"{whose} raised CannotScore without a word {where}; say what the group "
            "lacks and what to do, as in CannotScore(\"no ReLU follows; use scope 'inner'\")"
        )
    return Refused(str(error))


@contextmanager
def needing(check: str) -> Iterator[None]:
    """Turn a failure in the block into the wait for another check, which says what is wrong.

    Raises:
        Blocked: the block failed.
    """
    try:
        yield
    except Blocked:
        raise
    except CheckFailed as error:
        raise Blocked(f"needs '{check}' to pass first") from error
