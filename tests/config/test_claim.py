"""What a claim may say, and when an interval supports or refutes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from reidbench.config.claim import BOUNDS, Claim, Claims, refuse_unknown
from reidbench.config.yaml_document import DocumentError, load

TEXT = """\
claims:
  - name: half-the-flops
    says: Half the FLOPs cost at most one point of rank-1.
    source: A paper, claim 1
    metric: rank-1
    rows: {scenario: scenario-1, reduction: 0.5, method: [l1, psfp]}
    against: {method: dense}
    at_least: -1
"""

# Tenths, so that ends and bounds do meet, and nothing lies within what rounding may do.
points = st.integers(-1000, 1000).map(lambda tenths: tenths / 10)


class Document(BaseModel):
    """A document with claims, as a suite is one."""

    claims: Claims = ()


def read(folder: Path, text: str = TEXT) -> tuple[Claim, ...]:
    path = folder / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, Document).content.claims


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(DocumentError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def claim(**changes: Any) -> Claim:
    """Return the claim of the text with changes; a field changed to None is left out."""
    fields = {**yaml.safe_load(TEXT)["claims"][0], **changes}
    return Claim.model_validate({k: v for k, v in fields.items() if v is not None})


def bounded(name: str, value: float) -> Claim:
    return claim(**{"at_least": None, name: value})


def test_a_claim_is_read_as_a_sentence(tmp_path: Path) -> None:
    (found,) = read(tmp_path)
    assert found.comparison == "rank-1 of l1 or psfp at 50 % in scenario-1, minus that of dense"
    assert (found.bound, found.judged) == ("at least -1", "together")


@pytest.mark.parametrize(
    ("rows", "against", "text"),
    [
        ({}, {"method": "dense"}, "mAP of every method, minus that of dense"),
        (
            {"method": ["l1", "fpgm", "psfp"], "backbone": "resnet50", "target": "market1501"},
            {"backbone": "resnet18", "reduction": 0},
            "mAP of l1, fpgm or psfp with resnet50 on market1501, minus that at 0 % with resnet18",
        ),
        (
            {"strategy": "iterative", "allocation": "global"},
            {"strategy": "one-shot"},
            "mAP of every method by strategy iterative by allocation global, "
            "minus that by strategy one-shot",
        ),
    ],
)
def test_what_is_compared_is_put_in_words(rows: Any, against: Any, text: str) -> None:
    assert claim(metric="mAP", rows=rows, against=against).comparison == text


def test_rows_compared_with_each_other_are_each_within_a_margin() -> None:
    found = claim(against="each-other", at_least=None, within=0.5)
    assert found.against is None
    assert (found.bound, found.judged) == ("within ± 0.5", "each")
    assert found.comparison.endswith(", the difference of any two")


def test_one_value_stands_for_a_list_of_one() -> None:
    listed = {"scenario": ["scenario-1"], "reduction": [0.5], "method": ["l1", "psfp"]}
    assert claim() == claim(rows=listed, against={"method": ["dense"]})


@pytest.mark.parametrize("against", ["each-other", {"method": "dense"}])
def test_a_claim_is_read_back_as_it_is_written(against: Any) -> None:
    written = claim(against=against, at_least=None, within=2)
    assert Claim.model_validate(written.model_dump(exclude_defaults=True)) == written
    assert Claim.model_validate_json(written.model_dump_json(exclude_defaults=True)) == written


# (what to replace, by what, the complete message)
REFUSALS = {
    "an unknown field": (
        "at_least",
        "at_leest",
        "suite.yaml:8: claims.0.at_leest: unknown field; did you mean 'at_least'?",
    ),
    "an unknown field of a selection": (
        "{method: dense}",
        "{methods: dense}",
        "suite.yaml:7: claims.0.against.methods: unknown field; did you mean 'method'?",
    ),
    "a metric without per-query data": (
        "metric: rank-1",
        "metric: rank-5",
        "suite.yaml:5: claims.0.metric: must be 'mAP' or 'rank-1', not 'rank-5'; "
        "did you mean 'rank-1'?",
    ),
    "no bound": (
        "    at_least: -1\n",
        "",
        "suite.yaml:2: claims.0: needs exactly one of at_least, more_than, at_most, within, "
        "in points; has none",
    ),
    "two bounds": (
        "at_least: -1",
        "at_least: -1\n    within: 2",
        "suite.yaml:2: claims.0: needs exactly one of at_least, more_than, at_most, within, "
        "in points; has at_least and within",
    ),
    "a bound that is no number": (
        "at_least: -1",
        "at_least: one",
        "suite.yaml:8: claims.0.at_least: must be a valid number, not 'one'",
    ),
    "a bound that no score can reach": (
        "at_least: -1",
        "at_least: -101",
        "suite.yaml:8: claims.0.at_least: must be greater than or equal to -100, not -101",
    ),
    "a margin of nothing": (
        "at_least: -1",
        "within: 0",
        "suite.yaml:8: claims.0.within: must be greater than 0, not 0",
    ),
    "a margin on the mean": (
        "at_least: -1",
        "within: 1\n    judge: together",
        "suite.yaml:9: claims.0.judge: 'within' speaks of every pair: it is judged 'each'",
    ),
    "a word for counterparts": (
        "{method: dense}",
        "dense",
        "suite.yaml:7: claims.0.against: must be fields with values, or 'each-other', not 'dense'",
    ),
    "counterparts that are the rows": (
        "{method: dense}",
        "{}",
        "suite.yaml:7: claims.0.against: name at least one field in which the counterparts "
        "differ from the rows",
    ),
    "a direction among equals": (
        "{method: dense}",
        "each-other",
        "suite.yaml:7: claims.0.against: 'each-other' has no direction: give 'within', or name "
        "the counterparts",
    ),
    "a value twice": (
        "[l1, psfp]",
        "[l1, l1]",
        "suite.yaml:6: claims.0.rows.method.1: 'l1' is listed twice",
    ),
    "no value": ("[l1, psfp]", "[]", "suite.yaml:6: claims.0.rows.method: must not be empty"),
    "a strategy that is none": (
        "scenario: scenario-1",
        "strategy: iterativ",
        "suite.yaml:6: claims.0.rows.strategy: must be 'one-shot', 'iterative', 'progressive', "
        "'regularised', 'layerwise' or 'own', not 'iterativ'; did you mean 'iterative'?",
    ),
    "a reduction in quotes": (
        "0.5",
        "'0.5'",
        "suite.yaml:6: claims.0.rows.reduction: must be a valid number, not '0.5'",
    ),
    "a reduction of everything": (
        "0.5",
        "1",
        "suite.yaml:6: claims.0.rows.reduction: must be less than 1, not 1",
    ),
    "no sentence": (
        "    says: Half the FLOPs cost at most one point of rank-1.\n",
        "",
        "suite.yaml:2: claims.0.says: is required, and missing",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_mistake_is_pointed_at_and_explained(tmp_path: Path, case: str) -> None:
    old, new, message = REFUSALS[case]
    assert TEXT.count(old) == 1
    assert refusal(tmp_path, TEXT.replace(old, new)) == message


def test_two_claims_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = TEXT + TEXT.removeprefix("claims:\n")
    assert refusal(tmp_path, twice) == (
        "suite.yaml:9: claims.1.name: two claims are named 'half-the-flops'"
    )


KNOWN = {
    "scenario": ["scenario-1", "scenario-3"],
    "method": ["l1", "psfp", "dense", "taylor"],
    "reduction": [0.5, 0.67],
}


class Suite(Document):
    """A document that knows what its claims may speak of."""

    def model_post_init(self, context: Any) -> None:
        refuse_unknown(self.claims, KNOWN)


def unknown(**changes: Any) -> tuple[tuple[str | int, ...], str]:
    with pytest.raises(ValidationError) as caught:
        Suite(claims=(claim(**changes),))
    (error,) = caught.value.errors()
    return error["ctx"]["at"], error["ctx"]["message"]


def test_a_claim_speaks_of_what_the_suite_has() -> None:
    assert unknown(rows={"method": ["l1", "taylr"]}) == (
        ("claims", 0, "rows", "method", 1),
        "'taylr' is no method of the suite; did you mean 'taylor'? "
        "(it has: l1, psfp, dense, taylor)",
    )
    assert unknown(rows={"reduction": 0.25}) == (
        ("claims", 0, "rows", "reduction", 0),
        "0.25 is no reduction of the suite (it has: 0.5, 0.67)",
    )
    assert unknown(against={"scenario": "scenario-4"})[0] == ("claims", 0, "against", "scenario", 0)


@pytest.mark.parametrize(
    "rows",
    [{"method": "taylor(form=weight)"}, {"reduction": [0.5, 0]}, {"target": "anything"}],
    ids=str,
)
def test_variants_the_whole_network_and_fields_the_suite_leaves_open_are_known(rows: Any) -> None:
    assert Suite(claims=(claim(rows=rows),))


def test_an_editor_lets_one_value_stand_where_a_list_may() -> None:
    schema = Document.model_json_schema()["$defs"]["Selector"]["properties"]
    assert [kind["type"] for kind in schema["method"]["anyOf"]] == ["string", "array"]
    assert [kind["type"] for kind in schema["reduction"]["anyOf"]] == ["number", "array"]
    assert json.dumps(Document.model_json_schema()).count('"each-other"') == 1


@pytest.mark.parametrize(
    ("bound", "value", "low", "high", "standing"),
    [
        ("at_least", -1, -1.0, 0.5, "supported"),
        ("at_least", -1, -1.1, 0.5, "undecided"),
        ("at_least", -1, -2.0, -1.1, "refuted"),
        ("more_than", 0, 0.1, 0.5, "supported"),
        ("more_than", 0, 0.0, 0.5, "undecided"),
        ("more_than", 0, -0.5, 0.0, "refuted"),
        ("at_most", -10, -30.0, -10.0, "supported"),
        ("at_most", -10, -30.0, -9.9, "undecided"),
        ("at_most", -10, -9.9, -8.0, "refuted"),
        ("within", 0.5, -0.5, 0.5, "supported"),
        ("within", 0.5, -0.6, 0.4, "undecided"),
        ("within", 0.5, -9.0, 9.0, "undecided"),
        ("within", 0.5, 0.6, 0.9, "refuted"),
        ("within", 0.5, -0.9, -0.6, "refuted"),
    ],
)
def test_the_whole_interval_decides(
    bound: str, value: float, low: float, high: float, standing: str
) -> None:
    assert bounded(bound, value).standing(low, high) == standing


def test_rounding_decides_nothing() -> None:
    assert bounded("at_least", 0).standing(-1e-13, -1e-13) == "supported"
    assert bounded("more_than", 0).standing(1e-13, 1e-13) == "refuted"


@given(st.sampled_from(list(BOUNDS)), points, points, points)
def test_a_single_value_is_never_undecided_and_no_interval_says_two_things(
    bound: str, value: float, a: float, b: float
) -> None:
    it = bounded(bound, abs(value) or 1.0)
    low, high = sorted((a, b))
    ends, whole = {it.standing(low, low), it.standing(high, high)}, it.standing(low, high)
    assert "undecided" not in ends
    if whole != "undecided":
        assert ends == {whole}
    elif bound != "within":
        assert ends == {"supported", "refuted"}


@given(points, points, points)
def test_what_supports_a_claim_refutes_its_opposite(value: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    mirrored = {"supported": "refuted", "refuted": "supported", "undecided": "undecided"}
    claims = bounded("more_than", value), bounded("at_most", value)
    assert claims[1].standing(low, high) == mirrored[claims[0].standing(low, high)]


@given(points, points, points)
def test_the_clearance_of_an_interval_is_negative_unless_it_supports(
    value: float, a: float, b: float
) -> None:
    it, (low, high) = bounded("at_least", value), sorted((a, b))
    assert (it.clearance(low, high) >= 0) == (it.standing(low, high) == "supported")
