"""The tree of packages in CONTRIBUTING.md, from what each ``__init__`` says lives there.

python -m tests.support.package_tree   # writes it
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.places import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
PACKAGES = (ROOT / "reidbench", ROOT / "plugins" / "reidbench_plugins")
BEGIN, END = "<!-- tree: python -m tests.support.package_tree -->\n", "<!-- end of tree -->"


def package_tree() -> str:
    """Return the tree as a block of text: a package or a module at a root on each line."""
    lines = [line for package in PACKAGES for line in _lines(package, depth=0)]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {said}" for name, said in lines).replace("``", "`")


def packages() -> Iterator[Path]:
    """Yield the folder of each package, in the tree's order."""
    for root in PACKAGES:
        yield root
        yield from sorted(path.parent for path in root.rglob("*/__init__.py"))


def docstring(module: Path) -> str:
    """Return a module's docstring, empty where it has none."""
    return ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""


def page_with(tree: str) -> str:
    """Return CONTRIBUTING.md with this tree between its marks."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n```text\n{tree}\n```\n\n{END}{after}"


def _lines(package: Path, depth: int) -> Iterator[tuple[str, str]]:
    name = package.relative_to(ROOT) if depth == 0 else package.name
    yield f"{'  ' * depth}{name}/", docstring(package / "__init__.py")
    for folder in sorted(path.parent for path in package.glob("*/__init__.py")):
        yield from _lines(folder, depth + 1)
    for module in sorted(package.glob("[!_]*.py")) if depth == 0 else ():
        yield f"  {module.name}", docstring(module).partition("\n")[0]


if __name__ == "__main__":
    PAGE.write_text(page_with(package_tree()), encoding="utf-8")
