"""Suites, reported numbers and costs of methods that come with reidbench, in a clone or a wheel."""

from __future__ import annotations

from pathlib import Path

from reidbench.config.yaml_document import DocumentError
from reidbench.errors import did_you_mean

_PACKAGE = Path(__file__).parents[1]
# A wheel has them inside the package; a clone, and an editable install of it, beside the package.
SUITES, REPORTED, COSTS = (
    inside if inside.exists() else beside
    for inside, beside in (
        (_PACKAGE / "shipped" / "suites", _PACKAGE.parent / "suites"),
        (_PACKAGE / "shipped" / "reported", _PACKAGE.parent / "leaderboard" / "reported"),
        (_PACKAGE / "shipped" / "costs.json", _PACKAGE.parent / "docs" / "methods" / "costs.json"),
    )
)


def shipped_suites() -> dict[str, Path]:
    """Return the file of each suite that comes with reidbench, by the suite's name."""
    return {path.stem: path for path in sorted(SUITES.glob("*.yaml"), key=lambda path: path.stem)}


def find_suite(suite: str | Path) -> Path:
    """Return the file that ``suite`` means: a path that exists, or else the name of a shipped one.

    Raises:
        DocumentError: a name that no shipped suite has, or a missing file named like one. Any other
            path is returned as it is: reading it says what is wrong with it.

    """
    path, known = Path(suite), shipped_suites()
    if path.is_file():
        return path
    if path.name == str(path) and not path.suffix:
        return _by_name(path, known)
    if not path.exists() and path.stem in known:
        raise DocumentError(
            f"{path}: no such file; did you mean '{path.stem}', which comes with reidbench?"
        )
    return path


def _by_name(path: Path, known: dict[str, Path]) -> Path:
    if path.name in known:
        return known[path.name]
    here = [each.name for each in sorted(Path().glob("*.yaml"))]
    raise DocumentError(
        f"{path}: no such file, and no suite of this name comes with reidbench"
        f"{did_you_mean(path.name, [*known, *here])} (these do: {', '.join(known)})"
    )
