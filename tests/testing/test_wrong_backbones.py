"""Each wrong backbone fails the check that should catch it, with the right advice, and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from reidbench.api import BackboneRecord
from reidbench.engine.pruning.torch_settings import TorchSettings
from reidbench.testing import Check, backbone_checks
from tests.testing import wrong_backbones

SIZE, OTHER = (3, 32, 16), (3, 16, 16)


@dataclass(frozen=True)
class Wrong:
    """A wrong backbone: the check that catches it, what its sentence says, and what waits."""

    target: str
    caught: str
    says: str
    blocked: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    fields: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.fields.get('loader', self.target).rpartition(':')[2]}-{self.caught}"


def record(target: str, **fields: Any) -> BackboneRecord:
    given = {
        "name": "mine",
        "version": "1",
        "summary": "One residual block, embedding of 8.",
        "reference": "-",
        "target": f"{wrong_backbones.__name__}:{target}",
    }
    return BackboneRecord(**{**given, **fields})


def tried(backbone: BackboneRecord) -> list[Check]:
    return list(backbone_checks(backbone, size=SIZE, sizes=(OTHER,)))


def by(loader: str) -> dict[str, Any]:
    return {"loader": f"{wrong_backbones.__name__}:{loader}"}


CAPTURED = frozenset({"loses-channels-exactly", "reaches-0.5-inner", "reaches-0.5-all"})
RUNS = CAPTURED | {
    "accepts-3x16x16",
    "one-image-alone",
    "deterministic-in-eval-mode",
    "untouched-by-eval-mode",
    "trains-every-weight",
    "keeps-its-state-in-its-state-dict",
    "leaves-torch-untouched",
    "captures",
}
BUILDS = RUNS | {"documents-itself", "embeds", "draws-its-weights-from-the-seed"}
STEADY = frozenset({"one-image-alone"})
INNER = frozenset({"reaches-0.5-inner"})
TOLD, SEED = "documents-itself", "draws-its-weights-from-the-seed"
LOADS, REFUSES = "loads-weights", "refuses-wrong-weights"

BACKBONES = [
    Wrong("Sound", TOLD, "summary is '-'.*as in 'ResNet-18", fields={"summary": "-"}),
    Wrong("optional", TOLD, "option 'width' does not app", fields={"options": {"width": 8}}),
    Wrong("Absent", "builds", "cannot be imported", BUILDS),
    Wrong("no_network", "builds", "returned a method, where a torch.nn.Module was", BUILDS),
    Wrong("refusing", "builds", "'mine': option 'width' is missing", BUILDS),
    Wrong("Maps", "embeds", r"a tensor \(4, 8, 8, 4\) of float32.*maps.mean\(dim=\(2", RUNS),
    Wrong("Pair", "embeds", "returned a tuple in eval mode", RUNS),
    Wrong("Infinite", "embeds", "numbers that are not finite", RUNS),
    Wrong("Fixed", "accepts-3x16x16", "raised RuntimeError .* at 3x16x16"),
    Wrong("Widens", "accepts-3x16x16", "of 64 at 3x32x16 and of 32 at 3x16x16; pool to one"),
    Wrong("Squeezes", "one-image-alone", r"a tensor \(8,\) .* for a batch of one image"),
    Wrong("Drops", "deterministic-in-eval-mode", "where self.training is true", STEADY),
    Wrong("NeverEvaluates", "untouched-by-eval-mode", "'block' is still in training mode", STEADY),
    Wrong("LeavesAClassifier", "trains-every-weight", "'fc.weight' takes no part.*Identity"),
    Wrong("Freezes", "trains-every-weight", "'stem.weight' is frozen"),
    Wrong("seeded", SEED, "the same weights for two seeds.*to its record's loader"),
    Wrong("DrawsFromTheClock", SEED, "other weights in 'stem.weight'.*torch's initialisers"),
    Wrong("HidesItsState", "keeps-its-state-in-its-state-dict", r"register_buffer\(\)"),
    Wrong("hasty", "leaves-torch-untouched", "building it changed the number of threads"),
    Wrong("Branches", "captures", "must not branch on their values", CAPTURED),
    Wrong("CountsInCode", "loses-channels-exactly", "compute that number from the tensor's shape"),
    Wrong("OneLayer", "reaches-0.5-all", "cannot be pruned at all", refused=INNER),
    Wrong("HeavyEmbedding", "reaches-0.5-all", "reidbench groups mine --size", refused=INNER),
    Wrong("Sound", LOADS, "left 1 tensors .*'block.conv1.w", fields=by("load_most")),
    Wrong("Sound", LOADS, r"\(8, 1000\).*\(classes, 8\)", fields=by("load_with_classifier")),
    Wrong("Sound", REFUSES, "a file without 'stem.weight' without", fields=by("load_leniently")),
    Wrong("Sound", REFUSES, "accepted the unknown word", fields=by("load_silently")),
    Wrong("Sound", REFUSES, "raised KeyError .*WeightsError was", fields=by("load_by_key")),
    Wrong("Sound", REFUSES, "had changed '.*check names and", fields=by("load_halfway")),
]  # fmt: skip


@pytest.mark.parametrize("wrong", BACKBONES, ids=str)
def test_a_wrong_backbone_fails_the_check_that_catches_it_and_no_other(wrong: Wrong) -> None:
    settings = TorchSettings.capture()
    outcomes = {str(it): it.outcome() for it in tried(record(wrong.target, **wrong.fields))}
    assert settings.changes() == []
    ended = {
        status: {name for name, outcome in outcomes.items() if outcome.status == status}
        for status in ("failed", "blocked", "refused")
    }
    sentence = outcomes[wrong.caught].sentence
    assert ended == {"failed": {wrong.caught}, "blocked": wrong.blocked, "refused": wrong.refused}
    assert "\n" not in sentence
    assert re.search(wrong.says, sentence), sentence


def test_a_sound_backbone_passes_them_all() -> None:
    outcomes = {str(it): it.outcome() for it in tried(record("Sound", **by("load")))}
    assert {name: o.sentence for name, o in outcomes.items() if o.status != "ok"} == {}
    assert {wrong.caught for wrong in BACKBONES} | {"accepts-3x16x16"} <= set(outcomes)
