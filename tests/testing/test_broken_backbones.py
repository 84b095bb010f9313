"""A backbone that works with no method is blamed itself, and no method for it."""

from __future__ import annotations

import re

import pytest

from reidbench.api import BackboneRecord
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked
from reidbench.testing.sandbox import Sandbox
from tests.testing import broken_networks
from tests.testing.records import record

BROKEN = [
    ("Breaks", r"RuntimeError|cannot be multiplied"),
    ("Branches", r"."),
    ("unbuilt", r"no such file: widths.json"),
]


@pytest.mark.parametrize(("name", "reason"), BROKEN)
def test_a_broken_backbone_is_blamed_and_no_method(name: str, reason: str) -> None:
    target = f"{broken_networks.__name__}:{name}"
    broken = BackboneRecord(name="mine", version="1", summary="-", reference="-", target=target)
    with pytest.raises(Blocked) as caught:
        Candidate(record("Sound")).rank(Sandbox(broken, trained=False))
    sentence = str(caught.value)
    assert sentence.startswith("needs backbone 'mine' to work first: with no method at all")
    assert re.search(reason, sentence) and sentence.endswith(f"correct {target}")
    assert "\n" not in sentence and "sound" not in sentence
