"""Every error in a YAML file names file, line and field, and says how to fix it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from reidbench.config.suite import NO_OVERRIDE, Suite, load_suite
from reidbench.config.yaml_document import DocumentError, Located, load, problem_at
from tests.support.suites import suite_text


def refusal(folder: Path, text: str | bytes) -> str:
    """Return why ``suite.yaml`` with this text is refused, without the folder."""
    path = folder / "suite.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DocumentError) as caught:
        load_suite(path)
    return str(caught.value).replace(f"{folder}/", "")


TEXT = """\
name: a
protocol: smoke/1
scenarios:
  one:
    - train: target
    - prune: target
backbones: [resnet18]
targets: [synthped]
methods:
  - l1
  - {method: fpgm, strategy: iterative}
reductions: [0.5]
seeds: [0]
"""

# (what to replace, by what, the complete message)
GOLDEN = {
    "an unknown field": (
        "seeds: [0]",
        "seeds: [0]\nmethod: [l1]",
        "suite.yaml:14: method: unknown field; did you mean 'methods'?",
    ),
    "an unknown field that resembles nothing": (
        "seeds: [0]",
        "seeds: [0]\nWallpaper: blue",
        "suite.yaml:14: Wallpaper: unknown field",
    ),
    "an unknown field at depth": (
        "strategy: iterative",
        "stratgy: iterative",
        "suite.yaml:11: methods.1.stratgy: unknown field; did you mean 'strategy'?",
    ),
    "an unknown word": (
        "strategy: iterative",
        "strategy: iteratve",
        "suite.yaml:11: methods.1.strategy: must be 'one-shot', 'iterative', 'progressive', "
        "'regularised', 'layerwise' or 'own', not 'iteratve'; did you mean 'iterative'?",
    ),
    "an unknown domain": (
        "- prune: target",
        "- prune: traget",
        "suite.yaml:6: scenarios.one.1.prune: must be 'source', 'bridge' or 'target', "
        "not 'traget'; did you mean 'target'?",
    ),
    "an upper-case scenario": (
        "one:\n    - train: target",
        "One:\n    - train: Target",
        "suite.yaml:5: scenarios.One.0.train: must be 'source', 'bridge' or 'target', "
        "not 'Target'; did you mean 'target'?",
    ),
    "a missing field": ("seeds: [0]\n", "", "suite.yaml:1: seeds: is required, and missing"),
    "an empty field": ("[0.5]", "", "suite.yaml:12: reductions: must be a list, not nothing"),
    "an empty list": ("[0.5]", "[]", "suite.yaml:12: reductions: must not be empty"),
    "a word for a list": (
        "seeds: [0]",
        "seeds: 0",
        "suite.yaml:13: seeds: must be a list, not 0",
    ),
    "a word for fields": (
        "    - train: target\n",
        "    - train\n",
        "suite.yaml:5: scenarios.one.0: must be fields with values ('name: value'), not 'train'",
    ),
    "a number as a scenario": (
        "one:",
        "1:",
        "suite.yaml:4: scenarios.1: must be a valid string, not 1",
    ),
    "one bad item of a list": (
        "[0.5]",
        "\n  - 0.5\n  - half",
        "suite.yaml:14: reductions.1: must be a valid number, not 'half'",
    ),
    "a field given twice": (
        "seeds: [0]",
        "seeds: [0]\nname: b",
        "suite.yaml:14: name: given twice",
    ),
    "a deep field given twice": (
        "{method: fpgm, strategy: iterative}",
        "{method: fpgm, method: l1}",
        "suite.yaml:11: methods.1.method: given twice",
    ),
    "broken YAML": (
        "seeds: [0]",
        "seeds: [0",
        "suite.yaml:14: not valid YAML: expected ',' or ']', but got '<stream end>'",
    ),
    "a tab": (
        "  one:",
        "\tone:",
        "suite.yaml:4: not valid YAML: found character '\\t' that cannot start any token",
    ),
    "two documents": (
        "seeds: [0]",
        "seeds: [0]\n---\nname: b",
        "suite.yaml:14: not valid YAML: but found another document",
    ),
    "a list as a field name": (
        "seeds: [0]",
        "? [seeds]\n: [0]",
        "suite.yaml:13: document: not a field name",
    ),
    "an impossible date": (
        "name: a",
        "name: 2024-99-99",
        "suite.yaml: not valid YAML: month must be in 1..12",
    ),
    "an alias of itself": (
        "[0.5]",
        "&loop [*loop]",
        "suite.yaml: not valid YAML: nested too deeply",
    ),
    "a Python object": (
        "name: a",
        "name: !!python/name:os.system",
        "suite.yaml:1: not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/name:os.system'",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), GOLDEN.values(), ids=GOLDEN)
def test_an_error_is_one_sentence_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert TEXT.count(old) == 1
    assert refusal(tmp_path, TEXT.replace(old, new)) == message


def test_the_text_of_the_golden_errors_is_itself_sound(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(TEXT)
    assert load_suite(path).content.name == "a"


def test_every_fault_is_listed_in_one_go(tmp_path: Path) -> None:
    text = TEXT.replace("seeds: [0]", "seeds: [-1]").replace("[0.5]", "[2]")
    assert refusal(tmp_path, text).splitlines() == [
        "suite.yaml:12: reductions.0: must be less than 1, not 2",
        "suite.yaml:13: seeds.0: must be greater than or equal to 0, not -1",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "suite.yaml: the file is empty"),
        ("# nothing but a comment\n", "suite.yaml: the file is empty"),
        ("l1", "suite.yaml:1: document: must be fields with values ('name: value'), not 'l1'"),
        ("- l1", "suite.yaml:1: document: must be fields with values ('name: value')"),
    ],
)
def test_a_file_without_fields_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


@pytest.mark.parametrize("content", [b"name: \xff\xfe", b"name: a\x00b"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).startswith("suite.yaml: ")


def test_a_folder_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read as text"):
        load_suite(tmp_path)


def test_a_missing_file_names_its_likely_neighbour(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").write_text("name: a")
    with pytest.raises(DocumentError) as caught:
        load_suite(tmp_path / "quickstrat.yaml")
    assert str(caught.value) == (
        f"{tmp_path}/quickstrat.yaml: no such file; did you mean '{tmp_path}/quickstart.yaml'?"
    )


def test_a_missing_folder_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"no such file$"):
        load_suite(tmp_path / "nowhere" / "suite.yaml")


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("seeds: [0]", "seeds: [0]\nepochs: 9", 14, "epochs"),
        ("seeds: [0]", "seeds: [0]\nbudgets: {train: {epochs: 9}}", 14, "budgets"),
        ("- prune: target", "- {prune: target, epochs: 9}", 6, "scenarios.one.1.epochs"),
        ("method: fpgm,", "method: fpgm, scope: all,", 11, "methods.1.scope"),
        ("protocol: smoke/1", "protocol: {name: smoke/1, tolerance: 0.09}", 2, "protocol"),
    ],
)
def test_a_suite_may_not_override_its_protocol(
    tmp_path: Path, old: str, new: str, line: int, field: str
) -> None:
    message = refusal(tmp_path, TEXT.replace(old, new))
    assert message == f"suite.yaml:{line}: {field}: {NO_OVERRIDE}"


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Tree(BaseModel):
    leaves: list[Leaf]


def test_a_fault_found_later_points_at_its_line_too(tmp_path: Path) -> None:
    path = tmp_path / "tree.yaml"
    path.write_text("leaves:\n  - size: 1\n  - size: 2\n")
    located: Located[Tree] = load(path, Tree)
    for where, start in {
        ("leaves", 1, "size"): f"{path}:3: leaves.1.size: ",
        ("leaves", 0, "colour"): f"{path}:2: leaves.0.colour: ",  # no line of its own
        ("roots",): f"{path}:1: roots: ",
        (): f"{path}:1: document: ",
    }.items():
        assert str(located.fault(where, "no")) == f"{start}no"


def test_what_a_message_quotes_is_left_as_it_is() -> None:
    assert problem_at((), "{message} is {not} a template").message() == (
        "{message} is {not} a template"
    )


@given(
    st.lists(st.sampled_from(["l1", "fpgm", "taylor", "psfp"]), min_size=1, unique=True),
    st.integers(0, 20),
    st.data(),
)
def test_a_fault_in_a_list_is_on_the_line_of_its_item(
    tmp_path_factory: pytest.TempPathFactory, methods: list[str], gap: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(methods) - 1))
    entries: list[object] = list(methods)
    entries[index] = {"method": methods[index], "strategie": "iterative"}
    text = "\n" * gap + suite_text(methods=entries)
    line = 1 + next(i for i, row in enumerate(text.splitlines()) if "strategie" in row)
    message = refusal(tmp_path_factory.mktemp("suite"), text)
    assert message == (
        f"suite.yaml:{line}: methods.{index}.strategie: unknown field; did you mean 'strategy'?"
    )


def test_a_sound_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(TEXT)
    located = load(path, Suite)
    assert located.path == path
    assert [method.method for method in located.content.methods] == ["l1", "fpgm"]
