"""What a record promises, and what it refuses."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.api.records import (
    BackboneRecord,
    DatasetRecord,
    MethodRecord,
    OptionError,
    Record,
    TargetError,
)

TEXT = {
    "name": "slim",
    "version": "1",
    "summary": "Slims.",
    "reference": "-",
    "target": "collections:OrderedDict",
}
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


def record(**changes: Any) -> Record:
    return Record(**{**TEXT, **changes})


def test_a_record_is_frozen_down_to_its_options() -> None:
    defaults = {"width": 4}
    made = record(options=defaults)
    defaults["width"] = 5
    assert made.options["width"] == 4
    with pytest.raises(FrozenInstanceError):
        made.version = "2"  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.options["width"] = 5  # type: ignore[index]


def test_records_can_be_compared_and_kept_in_sets() -> None:
    assert len({record(options={"a": 1}), record(options={"a": 1}), record(version="2")}) == 2


def test_a_record_takes_keywords_only() -> None:
    with pytest.raises(TypeError):
        Record("slim", "1", "Slims.", "-", "a:b")  # type: ignore[misc]


@pytest.mark.parametrize("text", list(TEXT))
@pytest.mark.parametrize("value", ["", None, 1])
def test_an_empty_or_missing_text_is_refused_by_its_field(text: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{text} must be a non-empty string"):
        record(**{text: value})


@pytest.mark.parametrize("name", ["Slim", "a b", "a/b", "-a", "a--b", "a\n", "é"])
def test_a_name_unfit_for_yaml_and_file_names_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="lower-case words"):
        record(name=name)


@pytest.mark.parametrize("target", ["module", "a:b:c", "a:", ":b", "a:b()", "a:b.c"])
def test_a_target_that_is_no_module_and_attribute_is_refused(target: str) -> None:
    with pytest.raises(TypeError, match=r"'slim': target must be 'package\.module:attribute'"):
        record(target=target)


def test_an_option_default_that_yaml_cannot_set_is_refused() -> None:
    with pytest.raises(TypeError, match="option 'layers' must be a string, number, boolean"):
        record(options={"layers": [1, 2]})


@pytest.mark.parametrize("field", ["strategy", "allocation", "prunes"])
def test_a_method_refuses_a_word_outside_the_vocabulary(field: str) -> None:
    with pytest.raises(TypeError, match=f"'slim': {field} must be one of .*, not 'sometimes'"):
        MethodRecord(**TEXT, **{field: "sometimes"})  # type: ignore[arg-type]


def test_a_method_is_a_one_shot_uniform_contender_unless_it_says_otherwise() -> None:
    made = MethodRecord(**TEXT)
    assert (made.strategy, made.allocation, made.prunes, made.control) == (
        "one-shot",
        "uniform",
        "trained",
        False,
    )


def test_records_of_two_kinds_are_unequal() -> None:
    assert BackboneRecord(**TEXT) != DatasetRecord(**TEXT)


def test_settings_are_the_defaults_with_the_suite_s_options_in_their_place() -> None:
    made = record(options={"width": 4, "name": "a"})
    assert made.settings({"width": 8}) == {"width": 8, "name": "a"}
    assert made.settings({}) == {"width": 4, "name": "a"}


def test_a_misspelt_option_is_answered_with_the_right_one() -> None:
    with pytest.raises(OptionError, match="no option 'widht'; did you mean 'width'"):
        record(options={"width": 4}).settings({"widht": 8})


@pytest.mark.parametrize(
    ("default", "value"),
    [(2, "2"), (2, True), (2, 2.0), (0.5, True), (0.5, "x"), (True, 1), ("a", 1), (None, [1])],
)
def test_a_value_of_another_type_than_its_default_is_refused(default: Any, value: Any) -> None:
    with pytest.raises(OptionError, match="option 'width' must be like its default"):
        record(options={"width": default}).settings({"width": value})


def test_a_whole_number_does_for_a_real_one_and_becomes_it() -> None:
    assert repr(record(options={"share": 0.5}).settings({"share": 1})) == "{'share': 1.0}"


@given(SCALAR, SCALAR)
def test_a_default_is_always_a_valid_value_and_none_takes_any_scalar(a: Any, b: Any) -> None:
    made = record(options={"first": a, "second": None})
    assert repr(made.settings({"first": a, "second": b})) == repr({"first": a, "second": b})


def test_settings_import_nothing() -> None:
    record(target="nowhere_at_all:x", options={"a": 1}).settings({"a": 2})
    assert "nowhere_at_all" not in sys.modules


def test_build_calls_the_target_with_its_settings() -> None:
    made = record(target="datetime:timedelta", options={"days": 1, "hours": 2})
    assert made.build({"hours": 12}).total_seconds() == 36 * 3600


def test_a_value_the_target_refuses_becomes_a_sentence_about_the_component() -> None:
    made = record(target="decimal:Context", options={"prec": 4})
    with pytest.raises(OptionError, match="'slim': valid range for prec") as caught:
        made.build({"prec": -1})
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("target", ["nowhere_at_all:x", "collections:NoSuchThing"])
def test_a_target_that_is_not_there_is_named(target: str) -> None:
    with pytest.raises(TargetError, match=f"'slim' 1 points at {target}"):
        record(target=target).load()


def test_a_target_whose_module_breaks_on_import_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "breaks_on_import.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TargetError, match=r"cannot be imported \(ZeroDivisionError"):
        record(target="breaks_on_import:x").load()


@pytest.mark.parametrize(
    "fields", [{"control": False, "prunes": "initial"}, {"control": True, "prunes": "trained"}]
)
def test_only_a_control_that_starts_anew_may_train_for_longer(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="budget must be 'epochs', but for a control"):
        MethodRecord(**TEXT, budget="compute", **fields)
    longer = MethodRecord(**TEXT, budget="compute", control=True, prunes="initial")
    assert longer.budget == "compute"


def test_what_a_target_needs_is_named_where_it_cannot_be_imported() -> None:
    made = record(target="nowhere_at_all:x", needs="reidbench[torch-pruning]")
    with pytest.raises(TargetError, match=r"; pip install 'reidbench\[torch-pruning\]'"):
        made.load()


@pytest.mark.parametrize("epochs", ["40", 0, -1, True, float("nan"), float("inf")])
def test_the_authors_epochs_are_a_positive_number_or_unknown(epochs: Any) -> None:
    with pytest.raises(TypeError, match="'slim': authors_epochs must be a positive number, or"):
        MethodRecord(**TEXT, authors_epochs=epochs)
    assert MethodRecord(**TEXT, authors_epochs=40).authors_epochs == 40
    assert MethodRecord(**TEXT, authors_epochs=0.5).authors_epochs == 0.5


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("authors_schedule", None, "a string, not None"),
        ("authors_schedule", 40, "a string, not 40"),
        ("control", "no", "True or False, not 'no'"),
        ("control", 1, "True or False, not 1"),
    ],
)
def test_what_a_method_says_of_itself_is_of_the_right_type(
    field: str, value: Any, expected: str
) -> None:
    with pytest.raises(TypeError, match=f"'slim': {field} must be {expected}"):
        MethodRecord(**TEXT, **{field: value})
