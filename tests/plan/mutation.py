"""Suites and protocols with random faults, in their values, in their layout and in their text."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import strategies as st

from reidbench.config.protocol import load_protocol
from tests.support.suites import TINY

SUITES: list[dict[str, Any]] = [
    {**TINY, "methods": ["dense", "l1", {"method": "tiny-norm", "options": {"power": 2.0}}]},
    {
        **TINY,
        "protocol": "./mine.yaml",
        "source": {"dataset": "tiny", "options": {"palette": 1}},
        "scenarios": {
            "a": [
                {"train": "source"},
                {"prune": "source", "share": 0.5},
                {"train": "target"},
                {"prune": "target", "while_training": "progressive", "not_for": ["iterative"]},
            ]
        },
        "methods": [{"method": "l1", "strategy": ["one-shot", "iterative"]}, "dense"],
        "claims": [
            {
                "name": "cheap",
                "says": "Half the MACs cost little.",
                "metric": "mAP",
                "rows": {"method": "l1", "reduction": 0.5},
                "against": {"method": "dense"},
                "at_least": -1,
            }
        ],
        "evaluate": "validation",
    },
]
PROTOCOLS = [{**load_protocol(name).document(), "name": "mine/1"} for name in ("smoke/1", "reid/1")]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", "all", "target", "source", "1e-5", ".nan", "-.inf", "0x1", "1:30", "tiny", "reid/1"]
    ),
    st.sampled_from(["/", "..", ".", "mine.yaml", "/dev/null", "no.yaml", "mine.yaml/x.yaml"]),
    st.sampled_from([[], {}, [[]], [{}], {"a": {}}, [None], {"": 0}, {"1": [1]}]),
    st.recursive(
        st.integers(0, 1),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    ),
)
_SIGNS = "{}[]:-#&*!|>'\"%@`,?\t\n \0\u2028\ufeff\x85\U0001f600"
_TAGS = ["!!python/object:os.x", "!!binary x", "2024-99-99", "<<: ", "<<: [1]", "&a ", "*a"]
PIECES = st.sampled_from([*_SIGNS, *_TAGS, "\n  ", "- ", ": ", "---"])


def _places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    found = [at] if at else []
    if isinstance(node, dict | list):
        for key, value in inner:
            found += _places(value, (*at, key)) if isinstance(value, dict | list) else [(*at, key)]
    return found


@st.composite
def mutated(draw: st.DrawFn, documents: list[dict[str, Any]]) -> str:
    """Draw one of the documents as YAML, with a few values and pieces of text out of place."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, document)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=draw(st.booleans()))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + draw(PIECES | st.just("")) + text[end:]
    return text


def _change(draw: st.DrawFn, document: dict[str, Any]) -> None:
    """Replace, remove, rename or double one value of a document."""
    places = _places(document)
    if not places:
        return
    *above, last = draw(st.sampled_from(places))
    parent: Any = document
    for key in above:
        parent = parent[key]
    kind = draw(st.sampled_from(["replace", "replace", "remove", "rename", "double"]))
    if kind == "replace":
        parent[last] = draw(VALUES)
    elif kind == "remove":
        del parent[last]
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[last]))
    elif kind == "rename":
        parent[draw(st.text(max_size=8) | st.sampled_from(["name", "train"]))] = parent.pop(last)
    else:
        parent[f"{last}s"] = parent[last]
