"""Claims on keys: of several processes on one store, one makes an artefact and the others wait."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from reidbench.files import room_for
from reidbench.store.owner import OWNER, Owner, make_signed, remove_signed

LEASE, BEAT = 600.0, 30.0
"""Seconds without a sign of life after which a claim may be taken over, and between two signs."""
POLL = 0.5
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


class _Sign(NamedTuple):
    """What a look at a claim shows; two that are equal show that its owner did nothing between."""

    file: int
    changed: int


class Claims:
    """The claims of this process: folders ``.KEY.claim`` that name their owner.

    Claims save work and decide no result: two owners of one key make equal artefacts, of which the
    store keeps the first. A claim is taken over when its owner is dead, or has shown no sign of
    life for ``lease`` seconds of the observer's own monotonic clock: clocks of machines differ.
    """

    def __init__(self, root: Path, *, lease: float = LEASE, beat: float = BEAT) -> None:
        self.root, self.lease, self.beat = root, lease, beat
        self._held: set[str] = set()
        self._seen: dict[str, tuple[_Sign, float]] = {}
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, key: str) -> bool:
        """Claim a key; return False if anyone holds it, this process included.

        Raises:
            NoRoom: the disk is full.

        """
        if key in self._held:
            return False
        place = self.place(key)
        if place.exists() and not self._take_away(key):
            return False
        with room_for(place):
            if not self._put(place):
                return False
        self._held.add(key)
        self._seen.pop(key, None)
        self._start_beating()
        return True

    def release(self, key: str) -> None:
        """Give a claim of this process back, unless it was taken over meanwhile."""
        if key in self._held:
            self._held.discard(key)
            place = self.place(key)
            if Owner.of(place) == Owner.this_process():
                self._remove(place)

    @contextmanager
    def turn(
        self,
        key: str,
        made: Callable[[str], bool],
        waiting: Callable[[], None] = lambda: None,
    ) -> Iterator[bool]:
        """Wait until the key is claimed for the block, True, or was made elsewhere, False.

        ``waiting`` is called a few times a second meanwhile.
        """
        while not (mine := self.take(key)):
            if made(key):
                yield False
                return
            waiting()
            sleep(POLL)
        try:
            # Its last holder may have made it just before.
            yield mine and not made(key)
        finally:
            self.release(key)

    def close(self) -> None:
        """Give all claims back."""
        self._closed.set()
        for key in list(self._held):
            self.release(key)

    def place(self, key: str) -> Path:
        """Return the folder of the claim on a key, whether or not it exists."""
        return self.root / f".{key}.claim"

    def _put(self, place: Path) -> bool:
        """Place a claim whose owner is in it from the first moment: a rename is one step."""
        signed = self._hidden(place)
        try:
            make_signed(signed)
            signed.rename(place)
        except OSError as error:
            remove_signed(signed)
            if error.errno not in _TAKEN:
                raise
            return False
        return True

    def _take_away(self, key: str) -> bool:
        """Remove a claim if it is stale; of several observers one succeeds."""
        place = self.place(key)
        owner = Owner.of(place)
        if not self._is_stale(key, owner):
            return False
        aside = self._hidden(place)
        try:
            place.rename(aside)
        except OSError:
            return False
        if Owner.of(aside) != owner:
            # Another observer has taken it over between the look and the rename.
            with suppress(OSError):
                aside.rename(place)
                return False
        shutil.rmtree(aside, ignore_errors=True)
        return True

    def _is_stale(self, key: str, owner: Owner | None) -> bool:
        if owner is not None and owner.is_dead():
            return True
        place = self.place(key)
        try:
            # Half-removed by a crash, it has no owner, and is still in the way.
            state = (place / OWNER if (place / OWNER).exists() else place).stat()
        except OSError:
            return False
        sign, now = _Sign(state.st_ino, state.st_mtime_ns), monotonic()
        before, since = self._seen.get(key, (None, now))
        if sign != before:
            self._seen[key] = (sign, now)
            return False
        return now - since > self.lease

    def _remove(self, place: Path) -> None:
        aside = self._hidden(place)
        with suppress(OSError):
            place.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    def _hidden(self, place: Path) -> Path:
        return place.with_name(f"{place.name.removesuffix('.claim')}.{uuid.uuid4().hex}")

    def _start_beating(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="claims", daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        while not self._closed.wait(self.beat):
            for key in list(self._held):
                with suppress(OSError):
                    os.utime(self.place(key) / OWNER)
