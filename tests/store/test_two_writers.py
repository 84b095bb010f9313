"""Two writers on one store, interleaved file operation by file operation: nothing whole is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reidbench.store import Store
from reidbench.store.claims import Claims
from tests.store.stepped import Stepped, stepped_rename

KEY = "0123456789abcdef"


class TwoWriters(RuleBasedStateMachine):
    """Writers, one damager and one verifier of the same key; ``writing`` may stop at any rename."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name))
        self.store.root.mkdir(exist_ok=True)
        self.calls: list[Stepped] = []
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(Path, "rename", stepped_rename)
        self.written = False

    @precondition(lambda self: sum(not call.over for call in self.calls) < 2)
    @rule(text=st.sampled_from(["one", "two"]))
    def write(self, text: str) -> None:
        def call() -> None:
            with Store(self.store.root).writing(KEY) as (folder, notes):
                (folder / "network").write_text("weights")
                notes["by"] = text

        self.calls.append(Stepped(call))

    @precondition(lambda self: any(not call.over for call in self.calls))
    @rule(which=st.integers(0, 1))
    def step(self, which: int) -> None:
        alive = [call for call in self.calls if not call.over]
        alive[which % len(alive)].go_on()

    @rule()
    def damage(self) -> None:
        """Cut the notes off, as a disk that loses power does."""
        notes = self.store.root / KEY / "meta.json"
        if notes.exists():
            notes.write_bytes(notes.read_bytes()[:-9])

    @invariant()
    def nobody_has_failed(self) -> None:
        assert [call.error for call in self.calls if call.error] == []

    @invariant()
    def what_is_there_is_whole(self) -> None:
        if self.store.has(KEY):
            assert (self.store.root / KEY / "network").read_text() == "weights"

    def teardown(self) -> None:
        """Let all writers end, and one more that nobody disturbs: the artefact is there."""
        for call in self.calls:
            while not call.over:
                call.go_on()
        self.nobody_has_failed()
        self.patch.undo()
        if self.calls:
            with self.store.writing(KEY) as (folder, _):
                (folder / "network").write_text("weights")
            assert self.store.has(KEY)
            assert self.store.leftovers() == []
        self.folder.cleanup()


TestTwoWriters = TwoWriters.TestCase
TestTwoWriters.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_a_writer_that_took_a_whole_artefact_for_a_damaged_one_puts_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)

    def write(by: str) -> None:
        with Store(tmp_path).writing(KEY) as (folder, notes):
            (folder / "network").write_text("weights")
            notes["by"] = by

    write("first")
    (tmp_path / KEY / "meta.json").write_bytes(b"{")
    monkeypatch.setattr(Path, "rename", stepped_rename)
    late = Stepped(lambda: write("late"))
    late.go_on()  # sees the damage, and is about to set it aside
    monkeypatch.undo()
    write("mended")
    number = (tmp_path / KEY).stat().st_ino
    monkeypatch.setattr(Path, "rename", stepped_rename)
    while not late.over:
        late.go_on()
    assert late.error is None
    # The very same folder, and not one that replaced it.
    assert (tmp_path / KEY).stat().st_ino == number
    assert store.meta(KEY)["by"] == "mended" and store.leftovers() == []


@pytest.mark.parametrize("writers", [2, 3])
def test_one_of_several_observers_takes_a_stale_claim_over(tmp_path: Path, writers: int) -> None:
    (tmp_path / f".{KEY}.claim").mkdir()  # left over: nobody's
    all_claims = [Claims(tmp_path, lease=-1) for _ in range(writers)]
    for each in all_claims:
        each.take(KEY)  # the first look
    assert sum(each.take(KEY) for each in all_claims) == 1
