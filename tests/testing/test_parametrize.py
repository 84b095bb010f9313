"""Checks as parameters of a test: ids, known failures that must fail, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reidbench.errors import ReidbenchError
from reidbench.testing import CheckFailed, checks, parametrize_with_checks
from tests.testing import wrong_datasets
from tests.testing.records import record

pytest_plugins = ("pytester",)

TESTS = """
from reidbench.api import DatasetRecord
from reidbench.testing import parametrize_with_checks

RECORD = DatasetRecord(
    name="mine", version="1", summary="Drawn people by two cameras.", reference="-", drawn=True,
    target="{home}:{target}",
)


@parametrize_with_checks(RECORD, known_failures={known!r}, pictures=4)
def test_it_keeps_the_contract(check):
    if check.name != "same-in-another-process":  # it takes a second
        check()
"""


def outcomes(pytester: pytest.Pytester, target: str, known: dict[str, str]) -> dict[str, int]:
    home = wrong_datasets.__name__
    pytester.makepyfile(TESTS.format(home=home, target=target, known=known))
    ended = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider", "-q")
    return ended.parseoutcomes()


def test_a_known_failure_is_expected_and_others_are_not(pytester: pytest.Pytester) -> None:
    known = {"queries-can-match": "one camera, as published"}
    assert outcomes(pytester, "one_camera", known) == {"passed": 12, "xfailed": 1}


def test_a_known_failure_that_passes_fails_the_test(pytester: pytest.Pytester) -> None:
    known = {"disjoint-people": "two splits of one street"}
    assert outcomes(pytester, "sound", known) == {"passed": 12, "failed": 1}


def parameters(mark: pytest.MarkDecorator) -> list[Any]:
    return list(mark.args[1])


def test_ids_name_component_and_check() -> None:
    mark = parametrize_with_checks("l1", "synthped-quick", known_failures={"opens": "a try"})
    found = {parameter.id: parameter for parameter in parameters(mark)}
    assert mark.args[0] == "check"
    assert {"l1-deterministic", "synthped-quick-opens"} <= set(found)
    (expected,) = found["synthped-quick-opens"].marks
    assert expected.kwargs == {"reason": "a try", "strict": True, "raises": CheckFailed}
    assert not found["l1-deterministic"].marks


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"determinstic": "no"}, "no check is called 'determinstic'; did you mean 'deterministic'"),
        ({"deterministic": " "}, "'deterministic' has no reason"),
    ],
)
def test_a_known_failure_that_means_nothing_is_refused(
    known: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        parametrize_with_checks(record("Sound"), known_failures=known, backbones=())


def test_checks_are_found_by_name_whatever_the_kind() -> None:
    kinds = {check.kind for name in ("l1", "resnet18", "market1501") for check in checks(name)}
    assert kinds == {"method", "backbone", "data set"}
    with pytest.raises(ReidbenchError, match=r"no plugin declares .*'resnet81'; did you mean"):
        checks("resnet81")


def test_a_setting_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="reductions"):
        checks("resnet18", reductions=(0.5,))
