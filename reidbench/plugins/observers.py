"""Tells observers of a run what happens; none of them can end it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import pluggy

from reidbench.errors import named_line
from reidbench.interrupts import fault_of

LIMIT = 120.0
"""Seconds that an observer may take over one event."""
_log = logging.getLogger(__name__)


def _nowhere(line: str) -> None:
    """Say nothing: the log has it."""


class Observers:
    """The observing hooks of all plugins; one that breaks is reported and not called again.

    Attributes:
        say: reports a line; a run sets it, and without one the log alone has it.

    """

    def __init__(self, hooks: pluggy.PluginManager) -> None:
        self._hooks = hooks
        self.say: Callable[[str], None] = _nowhere

    def tell(self, hook: str, event: object) -> None:
        """Call every implementation of an observing hook with its one argument.

        Raises:
            KeyboardInterrupt: the user's own, never one that a plugin raises.

        """
        for impl in getattr(self._hooks.hook, hook).get_hookimpls():
            call = partial(impl.function, *([event] if impl.argnames else []))
            if (fault := fault_of(call, LIMIT)) is not None:
                self._hooks.unregister(impl.plugin)
                self._report(f"plugin {impl.plugin_name} failed in {hook}", fault)

    def _report(self, what: str, fault: BaseException) -> None:
        line = f"{what} ({named_line(fault)}); it is not called again"
        _log.error(line, exc_info=fault)
        self.say(line)
