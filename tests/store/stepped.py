"""Calls on threads of their own that stop before each rename: interleaved as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_steps = threading.local()
_rename = Path.rename


class Stepped:
    """A call on a thread of its own, which stops before each rename until it is let go on."""

    def __init__(self, call: Callable[[], Any], process: Any = None) -> None:
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.process = process
        self.over = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()
        self._stopped.acquire()

    @staticmethod
    def mine() -> Stepped | None:
        """Return the call that the running thread makes, None on any other thread."""
        return getattr(_steps, "mine", None)

    def _run(self, call: Callable[[], Any]) -> None:
        _steps.mine = self
        try:
            call()
        except BaseException as error:
            self.error = error
        self.over = True
        self._stopped.release()

    def pause(self) -> None:
        """Stop until it is let go on."""
        self._stopped.release()
        self._go.acquire()

    def go_on(self) -> None:
        """Let it do one rename, and what comes before the next."""
        if not self.over:
            self._go.release()
            self._stopped.acquire()


def stepped_rename(self: Path, target: Path) -> Path:
    """Rename as pathlib does, after a stop."""
    if mine := Stepped.mine():
        mine.pause()
    return _rename(self, target)
