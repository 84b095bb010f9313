"""A worker as its driver sees it, wherever it runs."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

from reidbench.run.workers.messages import PlanRef, Reply, Request

GRACE = 20.0
"""Seconds between asking a worker to end and killing it."""
STILLBORN = 3
"""Workers in a row that may die before they are ready."""


class Worker(Protocol):
    """Makes one node at a time, and says how that goes by events.

    Attributes:
        request: what it makes now.
        is_ready: whether it has started, and made the same plan.
        provenance: what it computes on, as the store notes it, once it is ready.
        stepped: when it last reported a step of its request, by the driver's monotonic clock.
        events: where its replies go.

    """

    events: Events
    request: Request | None
    is_ready: bool
    provenance: Mapping[str, Any]
    stepped: float

    @property
    def is_idle(self) -> bool:
        """Whether it can be asked."""
        ...

    @property
    def is_stillborn(self) -> bool:
        """Whether it has ended before it was ready, by no fault of a phase."""
        ...

    @property
    def printed(self) -> str:
        """The last of what it has printed, on one line."""
        ...

    def ask(self, request: Request) -> None:
        """Hand over a request."""
        ...

    def is_silent(self, seconds: float) -> bool:
        """Return whether it has reported no step for so long."""
        ...

    def is_late(self) -> bool:
        """Return whether it takes far longer to start than a worker does."""
        ...

    def has_ended(self) -> bool:
        """Return whether it has ended, however it did, and its last event may be missing."""
        ...

    def death(self) -> str:
        """Return how it ended, once its line is closed."""
        ...

    def stop(self, grace: float = GRACE) -> None:
        """End it and all that it has started: politely, then by force."""
        ...

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        ...


def note_ready(worker: Worker, ready: Reply, plan: PlanRef) -> None:
    """Note that a worker has started, and what it has said of itself.

    Raises:
        ReidbenchError: it has made another plan.

    """
    plan.refuse_another(ready)
    worker.is_ready, worker.provenance = True, ready["provenance"]


class Event(NamedTuple):
    """A reply of a worker; None if it has closed its line, which a dying one does."""

    worker: Worker
    reply: Reply | None


Events: TypeAlias = "queue.SimpleQueue[Event]"
