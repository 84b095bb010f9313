"""The splits of synthped: who is trained on, who is asked for and what is searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reidbench.api import DataError, ReIDData, Split
from reidbench_plugins.datasets.synthped.camera import DIRECTIONS
from reidbench_plugins.datasets.synthped.dice import CUT, Dice
from reidbench_plugins.datasets.synthped.domain import Domain, crowded, domain_named
from reidbench_plugins.datasets.synthped.picture import draw_picture

FIRST_TEST_PID = 751  # as in Market-1501's test set, and so never a training identity
STRANGERS = 10_000  # people drawn once, from here on: the distractors
CROWDS = {"test": FIRST_TEST_PID, "spare": 301}  # the first of 200 people
JUNK, DISTRACTOR = -1, 0

# Which person, which camera, which of that pair's pictures, and how the box was cut.
Source = tuple[int, int, int, bool]


@dataclass(frozen=True)
class Painter:
    """Draw picture ``i`` of a split when it is asked for; holds no pixels, pickles small."""

    domain: Domain
    seed: int
    sources: tuple[Source, ...]

    def __call__(self, i: int) -> np.ndarray:
        """Return picture ``i`` as uint8 (128, 64, 3), RGB."""
        person, camid, index, spoilt = self.sources[i]
        picture = draw_picture(self.domain, self.seed, person, camid, index)
        return _miscut(picture, self._cut(person, camid, index)) if spoilt else picture

    def _cut(self, person: int, camid: int, index: int) -> Dice:
        return Dice(self.seed, self.domain.index, CUT, person, camid, index)


def load(*, domain: str = "a", seed: int = 0) -> ReIDData:
    """Return the full data set: 400 + 400 identities, 6 cameras, 4 pictures by each.

    Args:
        domain: ``a`` (street), ``b`` (station) or ``c`` (seaside).
        seed: another seed is another world: other people, cameras and places.

    Raises:
        DataError: unknown domain, or a negative seed.

    """
    return compose("synthped", domain=domain, seed=seed, train_ids=400, test_ids=400, cameras=6)


def load_quick(*, domain: str = "a", seed: int = 0) -> ReIDData:
    """Return a small part of the full data set: 160 + 100 identities, 4 cameras.

    ``domain``, ``seed`` and errors are those of :func:`load`.
    """
    return compose(
        "synthped-quick", domain=domain, seed=seed, train_ids=160, test_ids=100, cameras=4
    )


def load_crowd(*, domain: str = "a", seed: int = 0, people: str = "test") -> ReIDData:
    """Return look-alikes: 240 + 200 identities, 6 cameras, in training one picture by each.

    A test identity has two, a query and one in the gallery, and three distractors. The domains are
    harder (:func:`~reidbench_plugins.datasets.synthped.domain.crowded`).

    Args:
        domain: as :func:`load` has it.
        seed: as :func:`load` has it.
        people: who is asked for: ``test``, or ``spare``, as many others in the same arrangement,
            for whoever has to choose rules or options before anything is tested.

    Raises:
        DataError: as :func:`load`, or ``people`` is another word.

    """
    if people not in CROWDS:
        raise DataError(f"synthped-crowd: people is '{people}'; choose one of {', '.join(CROWDS)}")
    return compose(
        "synthped-crowd",
        domain=domain,
        seed=seed,
        train_ids=240,
        test_ids=200,
        first_test_pid=CROWDS[people],
        cameras=6,
        shots=2,
        train_shots=1,
        strangers=3,
        crowd=True,
    )


def compose(
    name: str,
    *,
    domain: str,
    seed: int,
    train_ids: int,
    test_ids: int,
    cameras: int,
    first_test_pid: int = FIRST_TEST_PID,
    shots: int = 4,
    train_shots: int | None = None,
    strangers: int = 1,
    crowd: bool = False,
) -> ReIDData:
    """Return a data set of the given size, under Market-1501's rules.

    Of the ``shots`` pictures of a test identity by a camera the first is a query and the others
    are in the gallery, with ``strangers`` distractors (pid 0) for each test identity and one junk
    box (pid -1) for every second one. Identity p is the same person whatever the size.
    A training identity has ``train_shots`` pictures by a camera, or as many. ``crowd`` asks for
    the harder worlds.

    Raises:
        DataError: unknown domain, negative seed, or sizes out of range.

    """
    world = crowded(domain_named(domain)) if crowd else domain_named(domain)
    _check(seed=seed, train_ids=train_ids, test_ids=test_ids, cameras=cameras, shots=shots)
    cams = range(cameras)
    test = range(first_test_pid, first_test_pid + test_ids)

    def split(rows: Sequence[tuple[int, Source]]) -> Split:
        return _split(rows, Painter(world, seed, tuple(source for _, source in rows)))

    gallery = _shots(test, cams, range(1, shots)) + _unwanted(test, cameras, strangers)
    return ReIDData(
        name=name,
        train=split(_shots(range(1, train_ids + 1), cams, range(train_shots or shots))),
        query=split(_shots(test, cams, range(1))),
        gallery=split(gallery),
    )


def _check(*, seed: int, train_ids: int, test_ids: int, cameras: int, shots: int) -> None:
    limits = {
        "seed": (seed, 0, 2**32 - 1),
        "train_ids": (train_ids, 1, FIRST_TEST_PID - 1),
        "test_ids": (test_ids, 1, 1501 - FIRST_TEST_PID + 1),
        "cameras": (cameras, 2, len(DIRECTIONS)),
        "shots": (shots, 2, 99),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise DataError(f"synthped: {name} is {value}; choose a value from {low} to {high}")


def _shots(pids: range, cams: range, indices: range) -> list[tuple[int, Source]]:
    return [(pid, (pid, cam, index, False)) for pid in pids for cam in cams for index in indices]


def _unwanted(test: range, cameras: int, strangers: int) -> list[tuple[int, Source]]:
    """Return distractors (strangers, half of them miscut) and junk (known people, miscut)."""
    rows: list[tuple[int, Source]] = []
    for order, pid in enumerate(test):
        camid = order % cameras
        for round_ in range(1, strangers + 1):
            stranger = round_ * STRANGERS + pid
            rows.append((DISTRACTOR, (stranger, camid, 0, order % 2 == 1)))
        if order % 2 == 0:
            rows.append((JUNK, (pid, camid, 99, True)))
    return sorted(rows, key=lambda row: -row[0])


def _split(rows: Sequence[tuple[int, Source]], painter: Callable[[int], np.ndarray]) -> Split:
    return Split(
        pids=np.array([pid for pid, _ in rows], np.int64),
        camids=np.array([source[1] for _, source in rows], np.int64),
        names=tuple(_name(pid, source) for pid, source in rows),
        reader=painter,
    )


def _name(pid: int, source: Source) -> str:
    """Return a name in Market-1501's style; the frame number tells unwanted boxes apart."""
    person, camid, index, _ = source
    label = f"{pid:04d}" if pid >= 0 else str(pid)
    return f"{label}_c{camid + 1}s1_{person * 25 % 1_000_000:06d}_{index:02d}.jpg"


def _miscut(picture: np.ndarray, dice: Dice) -> np.ndarray:
    """Cut a picture as a failing detector does: a part of the person, enlarged."""
    height, width = picture.shape[:2]
    tall = dice.whole(height // 3, height * 3 // 5)
    wide = max(tall // 2, 12)
    top, left = dice.whole(0, height - tall), dice.whole(0, width - wide)
    rows = top + np.arange(height) * tall // height
    columns = left + np.arange(width) * wide // width
    cut: np.ndarray = picture[rows][:, columns]
    return cut
