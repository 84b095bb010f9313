"""Each wrong method fails the check that should catch it, passes all others, and leaves torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from reidbench.engine.pruning.torch_settings import TorchSettings
from tests.testing.records import ELSEWHERE, fast, record

SCORES = {"scores-tiny-inner"}
RANKS = {"one-image-batches", "constant-images", "small-groups", "any-order-of-groups"}
TARGET = {"meets-the-target-at-0.5"}


@dataclass(frozen=True)
class Wrong:
    """A wrong method: the check that catches it, and what its sentence says."""

    method: str
    caught: str
    says: str
    fields: dict[str, Any] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.method}-{self.caught}"


OWN, GUIDED = {"strategy": "own"}, {"strategy": "regularised"}
UNTOUCHED, DETERMINISTIC = "leaves-the-network-untouched", "deterministic"
TORCH, APART, ORDER = "leaves-torch-untouched", "tells-channels-apart", "any-order-of-groups"
DRAWS = "draws-from-its-generator"
NO_TESTS, DATA, TOLD = "never-touches-test-data", "declares-its-data", "documents-itself"
UNSTEADY = frozenset({NO_TESTS, ORDER})
PHASES = frozenset(
    {DRAWS, "spends-the-budget", APART, UNTOUCHED, TORCH, DETERMINISTIC, NO_TESTS, DATA}
)
ALL = PHASES | TARGET | RANKS | {"scores-tiny-all", "scores-somewhere"}

METHODS = [
    Wrong("StopsShort", "meets-the-target-at-0.5", "with 2", OWN),
    Wrong("LeavesSteps", "spends-the-budget", "left 3 of 12 steps", OWN),
    Wrong("WritesInScores", UNTOUCHED, r"scores\(\) changed the values of 'backbone.narrow.0.co"),
    Wrong("LeavesTraining", UNTOUCHED, r"prepare\(\) changed the training mode of 'backbone"),
    Wrong("LeavesHooks", UNTOUCHED, r"prepare\(\) changed the hooks of 'backbone.stem'"),
    Wrong("LeavesGradients", UNTOUCHED, r"prepare\(\) changed the gradient of", {"data": "labels"}),
    Wrong("WritesInPenalty", UNTOUCHED, r"penalty\(\) changed.*that trains", GUIDED),
    Wrong("WritesAfterStep", UNTOUCHED, r"after_step\(\) changed", {**GUIDED, "data": "labels"}),
    Wrong("WritesInShare", UNTOUCHED, r"pruned_share\(\) changed", {"strategy": "progressive"}),
    Wrong("WritesWeightInScores", UNTOUCHED, r"scores\(\) wrote to group.weight of 'narrow"),
    Wrong("WritesWeightAfterStep", UNTOUCHED, "to group.weight of", {**GUIDED, "data": "labels"}),
    Wrong("WritesWeightInPenalty", UNTOUCHED, r"penalty\(\) wrote to group.weight", GUIDED),
    Wrong("WritesGradient", UNTOUCHED, "to group.gradient of", {**GUIDED, "data": "labels"}),
    Wrong("WritesNormScale", UNTOUCHED, r"scores\(\) wrote to group.norm_scale of"),
    Wrong("GlobalTorch", DRAWS, r"scores\(\) drew from torch's global.*generator=task.generator"),
    Wrong("GlobalTorchInPrepare", DRAWS, r"prepare\(\) drew from torch's global generator"),
    Wrong("GlobalNumpy", DRAWS, r"scores\(\) drew from NumPy's global generator"),
    Wrong("GlobalPython", DRAWS, r"scores\(\) drew from Python's global generator"),
    Wrong("HooksWeights", UNTOUCHED, r"penalty\(\) changed the hooks of '.*weight'", GUIDED),
    Wrong("HooksSteps", UNTOUCHED, r"penalty\(\) changed the hooks of '.*weight'", GUIDED),
    Wrong("HooksState", UNTOUCHED, r"prepare\(\) changed the hooks of 'backbone.stem'"),
    Wrong("ReplacesForward", UNTOUCHED, r"changed the forward\(\) of 'backbone.stem'"),
    Wrong("SetsThreads", TORCH, r"prepare\(\) changed the number of threads, .*whole process"),
    Wrong("SwitchesGradientsOff", TORCH, r"scores\(\) changed the recording of gradients"),
    Wrong("HooksEverything", TORCH, r"prepare\(\) changed the global module hooks"),
    Wrong("SetsPrecisionOnce", TORCH, r"__init__\(\) changed the default dtype"),
    Wrong("SetsInSchedule", TORCH, r"prune\(\) changed deterministic algorithms", OWN),
    Wrong("AllEqual", APART, "one score, in every ranking.* whose filters all differ"),
    Wrong("Counts", ORDER, "other scores for 'narrow.0.conv1' when .* from the last to the first"),
    Wrong("SeedsByHash", ELSEWHERE, "other scores for 'narrow.0.conv1' in a fresh process"),
    Wrong("CachesByName", ELSEWHERE, "keep nothing outside the instance"),
    Wrong("Unseeded", DETERMINISTIC, "gave other scores", blocked=UNSTEADY),
    Wrong("Remembers", DETERMINISTIC, "keep nothing outside the instance", blocked=UNSTEADY),
    Wrong("NotANumber", "scores-tiny-inner", "scores nan; scores must be finite", blocked=ALL),
    Wrong("TooShort", "scores-tiny-inner", r"must be a tensor \(128,\)", blocked=ALL),
    Wrong("Raises", "scores-tiny-inner", r"\(trouble in two lines\) at wrong.py:", blocked=ALL),
    Wrong("TakesTooFew", "scores-tiny-inner", r"as scores\(self, group, task\)", blocked=ALL),
    Wrong("Unwritten", "scores-tiny-inner", r"implement scores\(\)\).* work there$", blocked=ALL),
    Wrong("Penalises", *TARGET, r"at wrong.py:\d+ in .* work there$", GUIDED, PHASES),
    Wrong("Exits", "scores-tiny-inner", r"raised SystemExit \(farewell\)", blocked=ALL),
    Wrong("RefusesSilently", "small-groups", "CannotScore without a word"),
    Wrong("PeeksAtTests", NO_TESTS, "read images of query or gallery", OWN),
    Wrong("CountsTests", NO_TESTS, "gave other scores.* when the test data were others", OWN),
    Wrong("NeedsPairs", "one-image-batches", "raised IndexError .*CannotScore", {"data": "images"}),
    Wrong("NeedsVariety", "constant-images", "scores must be finite", {"data": "images"}),
    Wrong("NeedsLiveFilters", "small-groups", "'narrow.1.conv1' scores nan"),
    Wrong("LooksAtMaps", DATA, "declare data='images'"),
    Wrong("LooksAtMaps", DATA, "declare data='images'", {"data": "labels"}),
    Wrong("Sound", DATA, "looked at weights alone.* declare data='weights'", {"data": "labels"}),
    Wrong("Silent", TOLD, "class Silent has no docstring"),
    Wrong("Optional", TOLD, "option 'exponent' does not appear", {"options": {"exponent": 2.0}}),
    Wrong("Strange", TOLD, "choose 1", {"options": {"exponent": 2.0}}, ALL | SCORES),
    Wrong("Optional", TOLD, "an unexpected keyword", {"options": {"no": 1}}, ALL | SCORES),
    Wrong("Absent", TOLD, "cannot be imported", blocked=ALL | SCORES),
    Wrong("NoMethod", TOLD, "a subclass of reidbench.api.Method", blocked=ALL | SCORES),
    Wrong("Sound", TOLD, "its record's summary is '-'", {"summary": "-"}),
    Wrong("Sound", TOLD, "and no authors_schedule", {"authors_epochs": 9}),
]  # fmt: skip


@pytest.mark.parametrize("wrong", METHODS, ids=str)
def test_a_wrong_method_fails_the_check_that_catches_it_and_no_other(wrong: Wrong) -> None:
    tried = fast(record(wrong.method, **wrong.fields), elsewhere=wrong.caught == ELSEWHERE)
    settings = TorchSettings.capture()
    outcomes = {}
    for check in tried:
        outcomes[str(check)] = check.outcome()
        assert settings.changes() == [], f"{check} left a setting of torch changed"
    ended = {
        status: {name for name, outcome in outcomes.items() if outcome.status == status}
        for status in ("failed", "blocked", "refused")
    }
    assert ended == {"failed": {wrong.caught}, "blocked": wrong.blocked, "refused": wrong.refused}
    sentence = outcomes[wrong.caught].sentence
    assert "\n" not in sentence
    assert re.search(wrong.says, sentence), sentence
