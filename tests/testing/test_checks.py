"""The public interface of the checks: their names, their outcomes, and no side effects."""

from __future__ import annotations

import random
import sys
import warnings

import numpy as np
import pytest
import torch

from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.prune import begin_prune
from reidbench.plugins import UnknownComponent
from reidbench.testing import Check, CheckFailed, RefusalWarning, checks
from reidbench.testing.candidate import Candidate
from reidbench.testing.recording import run
from reidbench.testing.sandbox import FORBIDDEN_TESTS, TINY, Sandbox, new_context
from reidbench.testing.score_checks import scores_somewhere
from tests.testing.records import ELSEWHERE, fast, record
from tests.testing.wrong import Sound


def names(*words: object, **options: object) -> list[str]:
    return [str(check) for check in checks(*words, **options)]  # type: ignore[arg-type]


def one(method: object, name: str) -> Check:
    (found,) = (check for check in fast(method) if check.name == name)  # type: ignore[arg-type]
    return found


def test_a_method_is_found_by_its_name() -> None:
    assert names("l1", backbones=()) == names(record("Sound"), backbones=())


def test_an_unknown_name_is_answered_at_once_with_the_nearest() -> None:
    with pytest.raises(UnknownComponent, match="did you mean 'fpgm'"):
        checks("fpgmm")
    with pytest.raises(UnknownComponent, match="did you mean 'resnet18'"):
        checks("l1", backbones=["resnet81"])


@pytest.mark.parametrize("reduction", [0.0, -0.5, 0.95])
def test_a_reduction_out_of_range_is_refused_at_once(reduction: float) -> None:
    with pytest.raises(ValueError, match=r"choose from above 0 to 0\.9"):
        checks("l1", reductions=[reduction])


def test_every_installed_backbone_is_ranked_in_both_scopes_unless_told_otherwise() -> None:
    for scope in ("inner", "all"):
        assert {f"scores-resnet50-{scope}", f"scores-mobilenetv2-{scope}"} <= set(names("l1"))
    some = names("l1", backbones=["resnet18"], scopes=["all"])
    assert [name for name in some if "resnet" in name] == ["scores-resnet18-all"]


def test_each_target_has_a_check() -> None:
    some = names("l1", backbones=(), reductions=(0.3, 0.6))
    assert [name[-3:] for name in some if name.startswith("meets")] == ["0.3", "0.6"]


def test_check_names_are_distinct() -> None:
    assert len(set(names("l1"))) == len(names("l1"))


def test_a_control_has_no_checks_that_do_not_apply_to_it() -> None:
    trains, slim = names("dense"), names("scratch", backbones=())
    assert not [n for n in trains if n.startswith(("scores", "meets", "small", "declares"))]
    assert "spends-the-budget" in trains and "spends-the-budget" not in slim


def test_a_control_may_leave_the_choice_to_the_position() -> None:
    assert "tells-channels-apart" in names("l1", backbones=())
    assert "tells-channels-apart" not in names("random", backbones=())


def test_a_method_that_draws_for_each_group_may_depend_on_their_order() -> None:
    for method in ("random", record("GlobalNumpy")):
        assert one(method, "any-order-of-groups").outcome().status == "ok"


def test_a_class_that_no_other_process_can_import_is_not_tried_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "Sound", Sound, raising=False)
    typed = record("Sound", target="__main__:Sound")
    (check,) = (check for check in fast(typed, elsewhere=True) if check.name == ELSEWHERE)
    outcome = check.outcome()
    assert outcome.status == "refused" and "put the class into a module" in outcome.sentence


def test_a_sound_method_gives_the_same_bits_in_another_process() -> None:
    sound = record("Documented", options={"some_power": 2.0}, strategy="iterative")
    (check,) = (check for check in fast(sound, elsewhere=True) if check.name == ELSEWHERE)
    outcome = check.outcome()
    assert (outcome.status, outcome.sentence) == ("ok", "")


def test_a_check_that_breaks_ends_in_a_sentence() -> None:
    outcome = Check("odd", "mine", lambda: {}["no"]).outcome()
    assert outcome.status == "failed"
    assert "method 'mine' broke this check with KeyError ('no')" in outcome.sentence


def test_a_schedule_without_scores_is_not_asked_for_any() -> None:
    schedule = names(record("SoundSchedule", strategy="own"))
    assert not [name for name in schedule if name.startswith("scores")]
    assert "meets-the-target-at-0.5" in schedule


def test_a_broken_method_raises_an_assertion_with_its_sentence() -> None:
    check = one(record("LeavesSteps", strategy="own"), "spends-the-budget")
    with pytest.raises(AssertionError, match="left 3 of 12 steps") as caught:
        check()
    assert type(caught.value) is CheckFailed
    assert check.outcome().sentence == str(caught.value)


def test_a_failure_keeps_the_traceback_of_what_the_method_raised() -> None:
    with pytest.raises(CheckFailed) as caught:
        one(record("Raises"), "scores-tiny-inner").run()
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_blocked_check_is_no_pass() -> None:
    with pytest.raises(CheckFailed, match="needs 'scores-tiny-inner' to pass first"):
        one(record("Raises"), "deterministic").run()


def test_an_honest_refusal_passes_with_a_warning_that_says_why() -> None:
    check = one(record("RefusesStreams"), "scores-tiny-all")
    with pytest.warns(RefusalWarning, match="residual stream; use scope 'inner'"):
        check.run()
    outcome = check.outcome()
    assert (outcome.status, "use scope 'inner'" in outcome.sentence) == ("refused", True)


def test_a_method_that_refuses_here_and_there_scores_somewhere() -> None:
    assert one(record("RefusesStreams"), "scores-somewhere").outcome().status == "ok"


def test_a_method_that_refuses_everything_fails() -> None:
    sandboxes = [TINY, Sandbox(scope="all")]
    with pytest.raises(CheckFailed, match=r"refused to score all of 2 .*no group suits me"):
        scores_somewhere(Candidate(record("RefusesAll")), sandboxes)


def test_refusing_the_tiny_network_is_no_failure_of_its_phases() -> None:
    left = [c for c in fast(record("RefusesAll")) if c.name != "scores-somewhere"]
    assert {c.outcome().status for c in left if c.name != "documents-itself"} == {"refused"}


def test_checks_leave_the_global_random_states_as_they_were() -> None:
    for module in (random, np.random):
        module.seed(5)
    torch.manual_seed(5)
    expected = random.random(), np.random.rand(), torch.rand(1)
    for module in (random, np.random):
        module.seed(5)
    torch.manual_seed(5)
    for name in ("deterministic", "never-touches-test-data", "scores-tiny-inner"):
        assert one(record("GlobalNumpy"), name).outcome().status == "ok"
    assert expected == (random.random(), np.random.rand(), torch.rand(1))


def test_a_check_says_nothing_when_all_is_well() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RefusalWarning)
        outcomes = [check.outcome() for check in fast(record("Sound"))]
    assert {outcome.sentence for outcome in outcomes} == {""}
    assert all(outcome.seconds > 0 for outcome in outcomes)


@pytest.mark.parametrize("sandbox", [TINY, Sandbox(data=FORBIDDEN_TESTS), Sandbox(scope="all")])
def test_a_phase_begun_from_a_shared_start_is_the_one_the_harness_begins(sandbox: Sandbox) -> None:
    method = record("Sound", allocation="global", data="labels")
    TINY.begin(record("WritesInScores"), 0.5).run()
    begun = begin_prune(sandbox.node(method, 0.5, initial=False), new_context())
    assert run(sandbox.begin(method, 0.5)).difference(run(begun)) == ""


def test_a_workbench_is_new_each_time() -> None:
    assert isinstance(new_context(), PhaseContext) and new_context() is not new_context()
