"""Writes a new plugin's folder, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from jinja2 import Environment, StrictUndefined

from reidbench.api import API_VERSION
from reidbench.errors import ReidbenchError
from reidbench.scaffold.names import Kind, Names

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".j2"
PACKAGE = "PACKAGE"
"""What the plugin's package takes the place of, in the paths of templates."""


def write_plugin(names: Names, kind: Kind, folder: Path) -> list[Path]:
    """Write a plugin that declares a ``kind`` into ``folder``; return its files.

    Raises:
        ReidbenchError: something is there already.

    """
    if folder.exists() or folder.is_symlink():
        raise ReidbenchError(f"{folder} is there already; choose another name, or --out FOLDER")
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(mkdtemp(prefix=".reidbench-new-", dir=folder.parent))
    try:
        whole = stage / folder.name
        for path, text in _rendered(names, kind):
            (whole / path).parent.mkdir(parents=True, exist_ok=True)
            (whole / path).write_text(text, encoding="utf-8")
        whole.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _rendered(names: Names, kind: Kind) -> Iterator[tuple[Path, str]]:
    """Yield the path of each file in the plugin's folder, and its text."""
    environment = Environment(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    values = {**vars(names), "kind": kind, "api_version": API_VERSION}
    for home in (TEMPLATES / "common", TEMPLATES / kind):
        for template in sorted(home.rglob(f"*{SUFFIX}")):
            text = environment.from_string(template.read_text(encoding="utf-8")).render(values)
            path = str(template.relative_to(home)).removesuffix(SUFFIX)
            yield Path(path.replace(PACKAGE, names.package)), text
