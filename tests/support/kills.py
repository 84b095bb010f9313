"""Kills runs of a suite at random moments, runs the same command again, and keeps a record."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from reidbench.results import read_results
from reidbench.store import Store
from tests.support.commands import command

MODES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "serial": (("run", "--in-process"),),
    "local": (("run", "--workers", "2"),),
    "work": (("work",), ("work",)),
}
"""The commands, without the suite, that run side by side."""
VICTIMS = ("driver", "worker", "group")
PATIENCE = 240.0


@dataclass
class Killer:
    """A suite that is run and killed in a folder, in one of the modes.

    Attributes:
        victims: who was killed, one entry a kill.
        recomputed: keys whose artefact was whole at a kill, and is another one at the end.

    """

    mode: str
    folder: Path
    env: Mapping[str, str]
    dice: random.Random
    victims: list[str] = field(default_factory=list)
    recomputed: list[str] = field(default_factory=list)
    _whole: dict[str, int] = field(default_factory=dict)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.folder / "runs" / "store")

    def kill(self, times: int) -> None:
        """Kill so many times, starting the commands again as soon as one of them has ended."""
        for _ in range(times):
            self._start()
            self._wait_for(self._made() + self.dice.randrange(4), self.dice.uniform(0, 0.4))
            self._whole |= self._artefacts()
            victim = self.dice.choice(VICTIMS)
            if self._kill(victim):
                self.victims.append(victim)

    def finish(self) -> list[int]:
        """Run the same commands to their end, undisturbed; return their exit statuses."""
        self._start()
        statuses = [process.wait(PATIENCE) for process in self._running]
        after = self._artefacts()
        self.recomputed = [key for key, file in self._whole.items() if after.get(key) != file]
        return statuses

    def _start(self) -> None:
        commands = MODES[self.mode]
        alive = [process for process in self._running if process.poll() is None]
        with (self.folder / "said.txt").open("ab") as said:
            for words in commands[len(alive) :]:
                alive.append(
                    subprocess.Popen(
                        command(words[0], "suite.yaml", *words[1:], "--threads", 1),
                        cwd=self.folder,
                        env=self.env,
                        stdout=said,
                        stderr=said,
                        start_new_session=True,
                    )
                )
        self._running = alive

    def _wait_for(self, artefacts: int, seconds: float) -> None:
        """Wait until there are so many artefacts, or the commands end, and some time longer."""
        until = time.monotonic() + PATIENCE
        while self._made() < artefacts and any(each.poll() is None for each in self._running):
            assert time.monotonic() < until, (self.folder / "said.txt").read_text()
            time.sleep(0.02)
        time.sleep(seconds)

    def _kill(self, victim: str) -> bool:
        """Kill one of the commands, a worker of it, or all that it has started."""
        driver = self.dice.choice(self._running)
        workers = children(driver.pid)
        if driver.poll() is not None or (victim == "worker" and not workers):
            return False
        targets = {"driver": [driver.pid], "worker": workers[:1], "group": [driver.pid, *workers]}
        for pid in targets[victim]:
            with suppress(ProcessLookupError):
                (os.killpg if victim == "group" else os.kill)(pid, signal.SIGKILL)
        if victim != "worker":
            driver.wait(PATIENCE)
        return True

    def _made(self) -> int:
        return len(self._artefacts())

    def _artefacts(self) -> dict[str, int]:
        """Return the file number of each whole artefact's notes: another one, if made anew."""
        if not self.store.root.is_dir():
            return {}
        keys = [key for key in self.store.artefacts() if self.store.has(key)]
        return {key: (self.store.root / key / "meta.json").stat().st_ino for key in keys}


def children(parent: int) -> list[int]:
    """Return the processes that a process has started, and that live."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            # A worker is the leader of a session; other children are git's, short-lived.
            if int(fields[1]) == parent and fields[0] != "Z" and fields[3] == entry.name:
                found.append(int(entry.name))
    return found


def measured(results: Path) -> dict[str, object]:
    """Return all that was measured and said of each trial, but seconds and provenance."""
    return {
        str(each.trial): (
            *(each.key, each.status, each.error, each.scores, each.per_query, each.cost),
            *(each.widths, each.schedule, [phase.key for phase in each.phases]),
        )
        for each in read_results(results)
    }


LINUX = sys.platform == "linux"
