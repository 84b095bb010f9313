"""Two processes on one store that claim, write, release and die, interleaved step by step."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reidbench.store import Store
from reidbench.store.claims import Claims
from reidbench.store.cleanup import clear_dead
from reidbench.store.owner import Owner
from tests.store.stepped import Stepped, stepped_rename

KEYS = ("0123456789abcdef", "fedcba9876543210")
WEIGHTS = "weights" * 100


@dataclass
class Process:
    """A process as the store sees it: an owner, its claims, and the call that it is at."""

    owner: Owner
    claims: Claims
    call: Stepped | None = None

    @property
    def is_at_work(self) -> bool:
        return self.call is not None and not self.call.over


class TwoProcesses(RuleBasedStateMachine):
    """Each process makes keys as an executor does; one that dies is followed by a new one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.numbers = itertools.count(1)
        self.dead: set[int] = set()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(Path, "rename", stepped_rename)
        self.patch.setattr(Owner, "this_process", staticmethod(self._this_process))
        self.patch.setattr(Owner, "is_dead", lambda owner: owner.pid in self.dead)
        self.here = self._born()  # of the test itself
        self.processes = [self._born(), self._born()]
        self.gone: list[Process] = []
        self.made: Counter[str] = Counter()
        self.disturbed: Counter[str] = Counter()

    def _born(self) -> Process:
        claims = Claims(self.store.root)
        return Process(Owner("here", "boot", next(self.numbers), "1"), claims)

    def _this_process(self) -> Owner:
        mine = Stepped.mine()
        return (mine.process if mine else self.here).owner

    def _make(self, process: Process, key: str) -> None:
        """Make a key unless another process is at it, or has made it."""
        if not process.claims.take(key):
            return
        try:
            if not self.store.has(key):
                with Store(self.store.root).writing(key) as (folder, notes):
                    (folder / "network").write_text(WEIGHTS)
                    notes["by"] = process.owner.pid
                    self.made[key] += 1
        finally:
            process.claims.release(key)

    @rule(which=st.integers(0, 1), key=st.sampled_from(KEYS))
    def start(self, which: int, key: str) -> None:
        process = self.processes[which]
        if not process.is_at_work:
            process.call = Stepped(lambda: self._make(process, key), process)

    @rule(which=st.integers(0, 1))
    def step(self, which: int) -> None:
        if (call := self.processes[which].call) is not None:
            call.go_on()

    @precondition(lambda self: any(process.is_at_work for process in self.processes))
    @rule(which=st.integers(0, 1))
    def die(self, which: int) -> None:
        """End a process where it is: nothing of it is cleared away, and another one starts."""
        process = self.processes[which]
        if process.is_at_work:
            self.dead.add(process.owner.pid)
            self.gone.append(process)
            self.disturbed.update(KEYS)
            self.processes[which] = self._born()
            clear_dead(self.store)

    @rule(key=st.sampled_from(KEYS), name=st.sampled_from(["meta.json", "network"]))
    def damage(self, key: str, name: str) -> None:
        """Cut a file off; of the artefact's weights only a phase that reads them takes notice."""
        file = self.store.root / key / name
        if file.exists():
            file.write_bytes(file.read_bytes()[:-9])
            self.disturbed[key] += 1
            if name == "network":
                self.store.remove(key)

    @invariant()
    def nobody_has_failed(self) -> None:
        calls = [process.call for process in self.processes if process.call is not None]
        assert [call.error for call in calls if call.error] == []

    @invariant()
    def nothing_is_half_there(self) -> None:
        for key in KEYS:
            if self.store.has(key):
                assert (self.store.root / key / "network").read_text() == WEIGHTS

    @invariant()
    def nothing_is_made_without_need(self) -> None:
        for key, times in self.made.items():
            assert times <= 1 + self.disturbed[key]

    def teardown(self) -> None:
        """Let those that live end, and one more process make what is not there: all is there."""
        try:
            for process in self.processes:
                while process.is_at_work:
                    process.call.go_on()
            self.nobody_has_failed()
            self.store.root.mkdir(exist_ok=True)
            clear_dead(self.store)
            for key in KEYS:
                self._make(self.here, key)
                assert self.store.has(key)
            self.nothing_is_half_there()
            self.nothing_is_made_without_need()
            assert self.store.leftovers() == self.store.claims() == []
        finally:
            self.folder.cleanup()
            self._let_the_dead_go()
            self.patch.undo()

    def _let_the_dead_go(self) -> None:
        """End the threads of dead processes, whose files have gone."""
        for process in [*self.gone, *self.processes, self.here]:
            while process.is_at_work:
                process.call.go_on()
            process.claims.close()


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
