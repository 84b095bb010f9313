"""The rules of the house that a test can check: layout, sizes, imports, no machine paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.package_tree import PAGE, docstring, package_tree, packages, page_with
from tests.support.places import ROOT

SOURCES = sorted(
    path for folder in ("reidbench", "plugins") for path in (ROOT / folder).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FUNCTION, LONGEST_CLASS, LONGEST_FILE = 50, 200, 400
WITH_TORCH = ("engine", "testing")
"""The packages of ``reidbench`` that import torch: what computes, and the conformance kit."""
TEXTS = (
    *("cff", "cfg", "css", "csv", "html", "ini", "json", "md", "py", "sh", "svg", "toml", "txt"),
    *("yaml", "yml"),
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt)/\w|\b[A-Z]:\\Users\\")
"""The folders of somebody's machine."""


def where(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if isinstance(node, ast.stmt) else ""
    return f"{path.relative_to(ROOT)}{line}"


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import with the full name of what it takes, those for type checking aside."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module or ''}.{alias.name}") for alias in node.names)


def test_the_root_holds_packages_and_at_most_four_modules() -> None:
    modules, others = set(), set()
    for path in (ROOT / "reidbench").iterdir():
        if path.suffix == ".py":
            modules.add(path.stem)
        elif not (path / "__init__.py").is_file():
            others.add(path.name)
    assert {"__init__", "errors", "files", "text"} <= modules
    assert len(modules - {"__init__", "__main__"}) <= 4
    assert others <= {"__pycache__", "py.typed"}


@pytest.mark.parametrize("package", list(packages()), ids=where)
def test_a_package_says_in_one_sentence_what_lives_there(package: Path) -> None:
    said = docstring(package / "__init__.py")
    assert re.fullmatch(r"[^\n]+[^.\n]\.", said), f"not one sentence on one line: {said!r}"


def test_the_tree_in_contributing_is_what_the_packages_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with(package_tree()), "python -m tests.support.package_tree writes it anew"


def test_contributing_names_seven_files_to_read_first_and_they_exist() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Seven files to read first")[1]
    files = re.findall(r"^\d\. \[`([^`]+)`\]\(\1\)", section.split("\n## ")[0], re.MULTILINE)
    assert len(files) == 7
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_contributing_names_every_session() -> None:
    named = re.findall(r"^\| `nox -s (\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    defined = [
        node.name
        for node in parsed(ROOT / "noxfile.py").body
        if isinstance(node, ast.FunctionDef)
        and any("nox.session" in ast.unparse(mark) for mark in node.decorator_list)
    ]
    assert named == defined != []


def test_functions_classes_and_files_are_short() -> None:
    longest = {
        ast.FunctionDef: LONGEST_FUNCTION,
        ast.AsyncFunctionDef: LONGEST_FUNCTION,
        ast.ClassDef: LONGEST_CLASS,
    }
    too_long = []
    for path in SOURCES:
        tree = parsed(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > longest[type(node)]:
                    too_long.append(f"{where(path, node)} {node.name}: {lines} lines")
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            too_long.append(f"{where(path)}: {lines} lines")
    assert SOURCES
    assert too_long == []


def test_only_the_engine_and_the_kit_import_torch() -> None:
    with_torch = [
        (path, node)
        for path in SOURCES
        if path.is_relative_to(ROOT / "reidbench")
        for node, name in imports(parsed(path))
        if name.split(".")[0] in ("torch", "torchvision")
    ]
    allowed = [ROOT / "reidbench" / name for name in WITH_TORCH]
    assert {path.relative_to(ROOT / "reidbench").parts[0] for path, _ in with_torch} >= {"engine"}
    assert [
        where(path, node)
        for path, node in with_torch
        if not any(path.is_relative_to(folder) for folder in allowed)
    ] == []


def test_no_test_imports_another_test_module() -> None:
    borrowed = [
        f"{where(path, node)} {name}"
        for path in TESTS
        for node, name in imports(parsed(path))
        if re.search(r"(^|\.)test_\w+(\.|$)", name) and not name.startswith("reidbench")
    ]
    assert len(TESTS) > 50
    assert borrowed == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    looked_at, found = 0, []
    for path in texts():
        looked_at += 1
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{where(path)}:{number}")
    assert looked_at > 300
    assert found == []


def texts() -> Iterator[Path]:
    """Yield the project's own text files: not the environment, not what runs and builds leave."""
    left = {"runs", "dist", "build", "node_modules", "__pycache__"}
    kept_hidden = {".ci", ".github"}
    for path in sorted(ROOT.iterdir()):
        if path.name in left or (path.name.startswith(".") and path.name not in kept_hidden):
            continue
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            inner = file.relative_to(ROOT).parts
            if file.is_file() and file.suffix[1:] in TEXTS and not left.intersection(inner):
                yield file
    yield ROOT / ".ci" / "run"
