"""Claims: of several processes one makes an artefact, and a dead one's work is taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reidbench.store import Store, claims
from reidbench.store.claims import Claims
from reidbench.store.cleanup import clear_dead
from reidbench.store.owner import OWNER, Owner

KEY = "0123456789abcdef"
linux = pytest.mark.skipif(sys.platform != "linux", reason="knows who is dead from /proc")
HOLDER = """
import sys, time
from pathlib import Path
from reidbench.store import Store
from reidbench.store.claims import Claims
root, key = Path(sys.argv[1]), sys.argv[2]
assert Claims(root, beat=0.05).take(key)
with Store(root).writing(key) as (folder, _):
    (folder / "network").write_text("half")
    print("holding", flush=True)
    time.sleep(100)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a process that holds a claim, and is writing the artefact."""
    words = [sys.executable, "-c", HOLDER, str(tmp_path), KEY]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_one_of_two_gets_a_claim_and_the_other_gets_it_after_release(tmp_path: Path) -> None:
    one, two = Claims(tmp_path), Claims(tmp_path)
    assert one.take(KEY) and not two.take(KEY)
    assert not one.take(KEY)  # for another phase of the same process
    one.release(KEY)
    assert two.take(KEY)
    two.close()
    assert list(tmp_path.iterdir()) == []


def test_many_threads_and_one_claim(tmp_path: Path) -> None:
    for attempt in range(20):
        key, gate, winners = f"{attempt:016x}", threading.Barrier(4), []

        def take(
            gate: threading.Barrier = gate, winners: list[Claims] = winners, key: str = key
        ) -> None:
            mine = Claims(tmp_path)
            gate.wait()
            if mine.take(key):
                winners.append(mine)

        threads = [threading.Thread(target=take) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert len(winners) == 1


@linux
def test_a_killed_holder_is_followed_at_once(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    mine = Claims(tmp_path)
    assert not mine.take(KEY)
    os.kill(holder.pid, signal.SIGKILL)
    # Dead as soon as it is killed, whether or not its parent has taken notice.
    until = time.monotonic() + 10
    while not mine.take(KEY):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert Owner.of(mine.place(KEY)) == Owner.this_process()


@linux
def test_what_a_killed_process_was_writing_is_cleared_and_nothing_else(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    store = Store(tmp_path)
    with store.writing("f" * 16) as (folder, _):
        assert clear_dead(store) == []
        assert len(store.leftovers()) == 2 and store.claims() == [f".{KEY}.claim"]
        holder.kill()
        holder.wait()
        assert len(clear_dead(store)) == 2
        assert store.leftovers() == [folder.name] and store.claims() == []
    assert store.artefacts() == ["f" * 16]
    assert not (store.folder("f" * 16) / OWNER).exists()


def test_a_holder_elsewhere_is_followed_when_it_has_shown_no_life_for_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(claims, "monotonic", lambda: now[0])
    theirs, mine = Claims(tmp_path), Claims(tmp_path, lease=600)
    assert theirs.take(KEY)
    Owner("elsewhere", "boot", 1, "1").sign(theirs.place(KEY))
    for seconds in (0, 599, 1):
        now[0] += seconds
        assert not mine.take(KEY)
    # Whatever time the other machine thinks it is: that it changes is the sign.
    os.utime(theirs.place(KEY) / OWNER, (1e6, 1e6))
    now[0] += 599
    assert not mine.take(KEY)
    now[0] += 601
    assert mine.take(KEY)
    # The old holder wakes up, and gives nothing back that is not its own any more.
    Owner("third", "boot", 1, "1").sign(mine.place(KEY))
    theirs.release(KEY)
    assert not Claims(tmp_path).take(KEY)


def test_a_claim_shows_life_as_long_as_it_is_held(tmp_path: Path) -> None:
    mine = Claims(tmp_path, beat=0.01)
    assert mine.take(KEY)
    first = (mine.place(KEY) / OWNER).stat().st_mtime_ns
    until = time.monotonic() + 10
    while (mine.place(KEY) / OWNER).stat().st_mtime_ns == first:
        assert time.monotonic() < until
        time.sleep(0.01)
    mine.close()


def test_a_turn_ends_when_another_has_made_it(tmp_path: Path) -> None:
    theirs, mine, made = Claims(tmp_path), Claims(tmp_path), threading.Event()
    assert theirs.take(KEY)
    threading.Timer(0.1, made.set).start()
    waited: list[int] = []
    with mine.turn(KEY, lambda key: made.is_set(), lambda: waited.append(1)) as is_mine:
        assert not is_mine
    assert waited, "nobody who watches it would know that it lives"
    theirs.release(KEY)
    with mine.turn(KEY, lambda key: False) as is_mine:
        assert is_mine
    assert list(tmp_path.iterdir()) == []
