"""How fast a card trains and measures: an estimate by its name, or what was measured."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from reidbench.errors import ReidbenchError, did_you_mean
from reidbench.plan import Plan, PruneNode, TrainNode
from reidbench.run.forecast import Machine, machine_of
from reidbench.run.image_macs import Images, image_macs
from reidbench.store import Store, StoreError

MEASURED = 20
"""Phases of the plan that are read to learn a rate, the latest first."""
FORWARD = 3
"""Training takes this many times a forward pass: forward, and two passes backward."""


CPU, GPU = "cpu", "a100"
"""The rows that stand for this machine, where no card is named and none has been measured."""


class CardError(ReidbenchError):
    """A card that is not in the table."""


@dataclass(frozen=True)
class Rate:
    """Throughput in images x GMACs a second.

    Attributes:
        name: of the card, or of the device that was measured.
        training, measuring: of a forward pass's MACs, in both.
        fixed: seconds a phase takes besides.
        basis: where the numbers are from.
        cards: how many cards were asked for, 1 if the name gave no number.

    """

    name: str
    training: float
    measuring: float
    fixed: float
    basis: str
    cards: int = 1


def card_rate(text: str) -> Rate:
    """Return the rate of a card by name, ``a100``, or of several, ``h100x8``.

    Raises:
        CardError: it is not in the table, or the number is none.

    """
    known = _table()
    name, cards = text.lower(), 1
    if name not in known and (parts := re.fullmatch(r"(.+)x([1-9]\d*)", name)):
        name, cards = parts[1], int(parts[2])
    if name not in known:
        raise CardError(
            f"--on {text}: no card of the table{did_you_mean(name, known)} "
            f"(it has: {', '.join(known)}; eight of one: {next(iter(known))}x8)"
        )
    row = known[name]
    numbers = {field: float(row[field]) for field in ("training", "measuring", "fixed")}
    return Rate(name, basis=f"an estimate: {row['basis']}", cards=cards, **numbers)


def likely_card() -> str:
    """Return the row that stands for this machine, found without a driver or torch."""
    return GPU if shutil.which("nvidia-smi") else CPU


def measured_rate(plan: Plan, store: Store, images: Images, done: Sequence[str]) -> Rate | None:
    """Return the rate at which the plan's latest phases in the store were trained, or None.

    ``done`` are keys, the latest first; phases of other machines than the latest's are left out.
    """
    machine: Machine | None = None
    work = seconds = fixed = 0.0
    read = 0
    for key in done:
        if read == MEASURED:
            break
        node = plan.nodes[key]
        if not isinstance(node, TrainNode | PruneNode):
            continue
        try:
            meta = store.meta(key)
        except StoreError:
            continue
        trained = float(meta.get("seconds", {}).get("training", 0.0))
        macs = image_macs(node, images)
        if macs is None or not trained or not meta.get("images"):
            continue
        machine = machine or machine_of(meta)
        if machine_of(meta) != machine:
            continue
        read, seconds = read + 1, seconds + trained
        work += meta["images"] * macs.gmacs
        fixed += max(0.0, float(meta.get("wall", trained)) - trained)
    if not seconds:
        return None
    rate = work / seconds
    basis = f"measured in {read} training phase{'' if read == 1 else 's'} of this plan"
    return Rate(str(machine), rate, FORWARD * rate, fixed / read, basis)


@cache
def _table() -> Mapping[str, Mapping[str, float | str]]:
    path = Path(__file__).with_name("cards.yaml")
    table: Mapping[str, Mapping[str, float | str]] = yaml.safe_load(path.read_text("utf-8"))
    return table
