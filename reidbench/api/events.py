"""What observers are told of the phases of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PhaseEnd = Literal["finished", "failed", "retried"]


@dataclass(frozen=True)
class CurvePoint:
    """A training after one of its steps.

    Attributes:
        step: optimiser steps so far.
        epoch: epochs so far.
        loss: mean of the steps since the point before, with what the method adds to it.
        learning_rate: of this step.
        images_per_second: over the last seconds.

    """

    step: int
    epoch: float
    loss: float
    learning_rate: float
    images_per_second: float


@dataclass(frozen=True, kw_only=True)
class PhaseStarted:
    """A phase or measurement that begins.

    Attributes:
        key: its key, by which the other events of the phase name it.
        label: its trial and what it is, for people. Trials share phases: it is the first one's.
        worker: number of the process that makes it, from 1.

    """

    key: str
    label: str
    worker: int


@dataclass(frozen=True, kw_only=True)
class PhaseStep:
    """How far a phase is: first after 5 s, then every 30 s at most.

    Attributes:
        key: its key.
        label: as when it began.
        done: steps, or images, that are done of ``total``.
        note: what they are, for people, e.g. ``loss 1.234, 310 images/s``.
        loss: of a training step, None elsewhere; likewise ``images_per_second``.

    """

    key: str
    label: str
    done: int
    total: int
    note: str
    loss: float | None
    images_per_second: float | None


@dataclass(frozen=True, kw_only=True)
class PhaseFinished:
    """A phase that has ended.

    Attributes:
        key: its key.
        label: as when it began.
        end: ``finished``, ``failed``, or ``retried`` where it begins again.
        why: of one that was not finished; None of one that was.
        curve: of a finished training, a point a hundredth of its steps; empty elsewhere.

    """

    key: str
    label: str
    end: PhaseEnd
    why: str | None
    curve: tuple[CurvePoint, ...]
