"""A store can be listed, verified and made smaller while runs use it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.store import Store, StoreError
from reidbench.store.cleanup import (
    Excess,
    Limits,
    check,
    clear_dead,
    excess,
    remove_unused,
    stale,
)
from reidbench.store.inventory import Artefact, Leftover, Survey, survey
from reidbench.store.owner import OWNER, UNFINISHED, make_signed

KEY, NEXT, LAST = "0" * 16, "1" * 16, "2" * 16
NOW = 2e9
DAY = 86400.0
DATA = {"name": "synthped", "options": {"domain": "a"}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store(tmp_path / "store")


def write(store: Store, key: str, used: float = NOW, size: int = 1000, **notes: object) -> Path:
    with store.writing(key) as (folder, meta):
        (folder / "network").write_bytes(bytes(size))
        (folder / "pruned").mkdir()
        (folder / "pruned" / "plan.json").write_text("{}")
        meta.update(notes)
    os.utime(store.root / key, (used, used))
    return store.root / key


# --- checking ---------------------------------------------------------------------------------


def faults(store: Store, key: str = KEY) -> list[str] | None:
    return check(store, key, lambda done: None)


def test_a_whole_artefact_has_no_faults(store: Store) -> None:
    write(store, KEY, kind="prune")
    read: list[int] = []
    assert check(store, KEY, read.append) == []
    assert sum(read) == 1002


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped": (
        lambda folder: flip(folder / "network"),
        "network is not as it was written (its SHA-256 differs)",
    ),
    "flipped below": (
        lambda folder: flip(folder / "pruned" / "plan.json"),
        "pruned/plan.json is not as it was written (its SHA-256 differs)",
    ),
    "truncated": (
        lambda folder: os.truncate(folder / "network", 999),
        "network has 999 bytes in place of 1000",
    ),
    "gone": (lambda folder: (folder / "network").unlink(), "network is missing"),
    "gone below": (
        lambda folder: shutil.rmtree(folder / "pruned"),
        "pruned/plan.json is missing",
    ),
    "more": (
        lambda folder: (folder / "pruned" / "more").touch(),
        "pruned/more does not belong to it",
    ),
    "no notes": (
        lambda folder: (folder / "meta.json").unlink(),
        "meta.json is missing or damaged (No such file or directory)",
    ),
    "flipped notes": (
        lambda folder: flip(folder / "meta.json"),
        "meta.json is missing or damaged (",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_and_named(store: Store, damage: str) -> None:
    make, sentence = DAMAGE[damage]
    make(write(store, KEY, kind="prune"))
    (found,) = faults(store) or []
    assert found.startswith(sentence)


def test_every_damaged_file_is_named(store: Store) -> None:
    folder = write(store, KEY)
    (folder / "network").unlink()
    (folder / "more").touch()
    assert faults(store) == ["network is missing", "more does not belong to it"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_a_file_that_leads_nowhere_is_a_fault(store: Store) -> None:
    folder = write(store, KEY)
    (folder / "network").unlink()
    (folder / "network").symlink_to("nowhere")
    assert faults(store) == ["network cannot be read (No such file or directory)"]


def test_what_noted_no_digests_cannot_be_verified(store: Store) -> None:
    folder = write(store, KEY)
    (folder / "meta.json").write_text('{"kind": "train"}')
    flip(folder / "network")
    assert faults(store) is None


def test_an_artefact_that_was_removed_is_not_damaged(store: Store) -> None:
    write(store, KEY)
    store.remove(KEY)
    assert faults(store) == []


# --- listing ----------------------------------------------------------------------------------


def test_a_survey_lists_each_artefact(store: Store) -> None:
    with store.writing(KEY) as (folder, meta):
        (folder / "network").write_bytes(bytes(1000))
        meta.update(kind="train", on="synthped", seconds={"training": 2.0, "cutting": 0.5})
        meta["document"] = {"data": DATA, "backbone": {"name": "resnet18"}, "seed": 3}
    os.utime(store.root / KEY, (NOW, NOW))
    notes = (store.root / KEY / "meta.json").stat().st_size
    (found,) = survey(store).artefacts
    assert found == Artefact(
        KEY, "train", "resnet18, synthped, seed 3", 1000 + notes, used=NOW, seconds=2.5
    )


def test_a_measurement_is_described_by_the_network_it_measures(store: Store) -> None:
    method = {"name": "l1", "strategy": "iterative", "allocation": "global"}
    phase = {"data": DATA, "backbone": {"name": "osnet"}, "method": method, "reduction": 0.5}
    write(store, KEY, kind="prune", on="synthped", document={**phase, "seed": 0})
    write(store, NEXT, document={"data": DATA, "network": KEY, "state": "final"})
    elsewhere = {"name": "synthped", "options": {"domain": "b"}}
    write(store, LAST, document={"data": elsewhere, "network": KEY, "state": "final"})
    described = {each.key: each.what for each in survey(store).artefacts}
    words = "l1 iterative global 50%, osnet"
    assert described == {
        KEY: f"{words}, synthped, seed 0",
        NEXT: f"final, {words}, synthped, seed 0",
        LAST: f"final, {words}, synthped(domain=b), seed 0",
    }


def test_a_network_that_was_cut_before_it_trained_is_described_by_the_cut(store: Store) -> None:
    method = {"name": "scratch", "strategy": "one-shot", "allocation": "uniform"}
    phase = {"data": DATA, "backbone": {"name": "osnet"}, "seed": 0}
    write(store, KEY, kind="prune", on="a", document={**phase, "method": method, "reduction": 0.75})
    write(store, NEXT, kind="train", on="a", document={**phase, "network": KEY})
    write(store, LAST, kind="train", on="b", document={**phase, "network": NEXT})
    assert [each.what for each in survey(store).artefacts] == [
        f"scratch one-shot uniform 75%, osnet, {data}, seed 0" for data in "aab"
    ]


@pytest.mark.parametrize(
    ("notes", "what"),
    [
        ({}, ""),
        ({"kind": "pixels", "data": DATA, "part": "query"}, "synthped(domain=a), query"),
        ({"document": {"state": "final", "network": KEY}}, "final"),
        ({"document": {"weights": "imagenet", "seed": 1}}, "weights imagenet, seed 1"),
        ({"document": {"method": {"name": "dense"}, "reduction": 0.0}}, "dense"),
        ({"document": ["of", "another", "time"], "seconds": 3.0}, ""),
    ],
)
def test_what_its_notes_lack_is_left_out(store: Store, notes: dict[str, object], what: str) -> None:
    write(store, NEXT, **notes)
    (found,) = survey(store).artefacts
    assert found.what == what and found.seconds is None


def test_a_damaged_artefact_is_listed(store: Store) -> None:
    flip(write(store, KEY) / "meta.json")
    (found,) = survey(store).artefacts
    assert (found.key, found.kind, found.what) == (KEY, "damaged", "")


def test_what_starts_from_an_artefact_uses_it_too(store: Store) -> None:
    write(store, KEY, used=NOW - 9)
    write(store, NEXT, used=NOW - 20, document={"network": KEY})
    write(store, LAST, used=NOW - 3, document={"network": NEXT})
    write(store, "3" * 16, used=NOW - 5, document={"network": "f" * 16})
    assert [each.used for each in survey(store).artefacts] == [NOW - 3, NOW - 3, NOW - 3, NOW - 5]


def test_temporary_folders_are_listed_and_stale_after_a_day(store: Store) -> None:
    with store.writing(KEY) as (folder, _):
        (folder / "network").write_bytes(bytes(7))
        os.utime(folder, (1e9, 1e9))
        os.utime(folder / "network", (NOW, NOW))
        found = survey(store)
    assert found.leftovers == (Leftover(folder, 7, changed=NOW),)
    assert found.size == 7
    assert stale(found, NOW + DAY) == ()
    assert stale(found, NOW + DAY + 1) == found.leftovers


def test_a_store_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="none: no such folder; give the one in which runs keep"):
        survey(Store(tmp_path / "none"))


# --- making room ------------------------------------------------------------------------------


def artefact(index: int, kind: str = "train", size: int = 10, idle: float = 0) -> Artefact:
    return Artefact(f"{index:016x}", kind, "", size, NOW - idle, None)


EVERYTHING = Limits(size=0, age=None, kinds=(), spare=0)


def test_the_least_recently_used_go_until_the_rest_is_small_enough() -> None:
    found = Survey((artefact(0, idle=1), artefact(1, idle=3), artefact(2, idle=2)), ())
    going = excess(found, replace(EVERYTHING, size=15), NOW).going
    assert going == (found.artefacts[1], found.artefacts[2])


def test_what_was_used_lately_is_spared_and_reported() -> None:
    found = Survey((artefact(0, idle=1), artefact(1, idle=10)), ())
    assert excess(found, replace(EVERYTHING, spare=10), NOW) == Excess(
        going=(found.artefacts[1],), spared=(found.artefacts[0],)
    )


def test_a_time_of_use_in_the_future_keeps_nothing_forever() -> None:
    found = Survey((artefact(0, idle=-100),), ())
    assert excess(found, EVERYTHING, NOW).going == found.artefacts


def test_a_full_temporary_folder_counts_until_it_is_stale() -> None:
    fresh = Survey((artefact(0),), (Leftover(Path(".x"), 100, NOW),))
    old = Survey((artefact(0),), (Leftover(Path(".x"), 100, NOW - 2 * DAY),))
    limits = replace(EVERYTHING, size=50)
    assert excess(fresh, limits, NOW).going == fresh.artefacts
    assert excess(old, limits, NOW).going == ()


@given(
    artefacts=st.lists(
        st.builds(
            artefact,
            st.integers(0, 10**9),
            st.sampled_from(["train", "pixels"]),
            st.integers(0, 50),
            st.integers(0, 20),
        ),
        max_size=8,
        unique_by=lambda each: each.key,
    ),
    limits=st.builds(
        Limits,
        st.none() | st.integers(0, 200),
        st.none() | st.integers(0, 20),
        st.sampled_from([(), ("pixels",)]),
        st.integers(0, 10),
    ),
)
def test_no_more_goes_than_must_and_no_less(artefacts: list[Artefact], limits: Limits) -> None:
    found = Survey(tuple(artefacts), ())
    going = excess(found, limits, NOW).going
    left = [each for each in artefacts if each not in going]

    def may_go(each: Artefact) -> bool:
        return NOW - each.used >= limits.spare and (not limits.kinds or each.kind in limits.kinds)

    def too_old(each: Artefact) -> bool:
        return limits.age is not None and NOW - each.used > limits.age

    assert all(may_go(each) for each in going)
    assert not any(may_go(each) and too_old(each) for each in left)
    size, for_size = sum(each.size for each in left), [each for each in going if not too_old(each)]
    if limits.size is None:
        assert for_size == []
    else:
        assert size <= limits.size or not any(may_go(each) for each in left)
        assert not for_size or size + for_size[-1].size > limits.size
    assert all(a.used <= b.used for a in going for b in left if may_go(b))


def test_what_was_used_since_the_survey_stays(store: Store) -> None:
    write(store, KEY, used=NOW - 1e9)
    write(store, NEXT, used=NOW - 1e9)
    one, other = survey(store).artefacts
    store.mark_used(KEY)
    assert not remove_unused(store, one) and store.has(KEY)
    assert remove_unused(store, other) and not store.has(NEXT)
    assert not remove_unused(store, other)


def test_notes_stay_readable_json_of_all_that_was_noted(store: Store) -> None:
    folder = write(store, KEY, kind="train")
    notes = json.loads((folder / "meta.json").read_text())
    assert notes["kind"] == "train" and set(notes["files"]) == {"network", "pruned/plan.json"}


def test_a_folder_whose_maker_was_killed_as_it_signed_it_is_cleared_away(store: Store) -> None:
    folder = store.root / f".{'a' * 16}.{'b' * 32}"
    folder.mkdir(parents=True)
    (folder / UNFINISHED).write_text('{"host": "h')
    assert store.leftovers() == [folder.name]
    assert clear_dead(store) == [folder.name] and store.leftovers() == []
    make_signed(folder)
    assert clear_dead(store) == []
    assert [path.name for path in folder.iterdir()] == [OWNER]


def test_a_folder_that_somebody_fills_without_saying_who_stays(store: Store) -> None:
    folder = store.root / f".{'a' * 16}.{'b' * 32}"
    folder.mkdir(parents=True)
    (folder / UNFINISHED).write_text("")
    (folder / "network").write_text("")
    assert clear_dead(store) == []
