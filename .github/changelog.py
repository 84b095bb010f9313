"""Print the changelog's section of a version, and refuse a release whose versions disagree.

python .github/changelog.py 0.1.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATED = {
    "pyproject.toml": r'^version = "(.+)"$',
    "reidbench/__init__.py": r'^__version__ = "(.+)"$',
    "CITATION.cff": r"^version: (.+)$",
}
"""Where the version is written, and how."""


def stated() -> dict[str, str]:
    """Return the version that each file states.

    Raises:
        ValueError: a file states none, or several.

    """
    versions = {}
    for name, pattern in STATED.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        (versions[name],) = re.findall(pattern, text, re.MULTILINE)
    return versions


def section(changelog: str, version: str) -> str:
    """Return the lines under a version's heading ``## VERSION (date)``.

    Raises:
        ValueError: no such heading, no date in it, or nothing below it.

    """
    heading = rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise ValueError(f"CHANGELOG.md has no section '## {version} (YYYY-MM-DD)' with text in it")
    return found[1].strip() + "\n"


def main() -> None:
    """Print the section of the version that is asked for."""
    version = sys.argv[1]
    if wrong := {name: other for name, other in stated().items() if other != version}:
        sys.exit(f"release {version}, but {wrong}: state one version everywhere")
    try:
        print(section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version), end="")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
