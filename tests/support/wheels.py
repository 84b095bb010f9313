"""Wheels as a packager builds them, and environments that have them and none of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.commands import OWN, Finished


def build(source: Path, into: Path, *targets: str) -> Path:
    """Build wheel and source distribution, or the targets named, as a packager's front end does."""
    words = [word for target in targets for word in ("-t", target)]
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(into), *words]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=300)
    return into


def wheel_in(folder: Path) -> Path:
    """Return the only wheel of a folder."""
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Installation:
    """An environment with wheels, and this one's other packages."""

    python: Path

    @classmethod
    def make(cls, home: Path) -> Installation:
        """Make the environment in a new folder, with nothing of this checkout in it."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
        (site,) = home.glob("lib/python*/site-packages")
        # Its packages, and not what its .pth files lead to, such as this checkout.
        packages = [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
        (site / "packages.pth").write_text("\n".join(packages))
        return cls(home / "bin" / "python")

    def install(self, wheels: Sequence[Path]) -> None:
        """Install wheels, without what they depend on."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        pip += ["--no-deps", "--no-index", "--disable-pip-version-check", "--force-reinstall"]
        subprocess.run([*pip, *map(str, wheels)], check=True, capture_output=True, timeout=300)

    def run(self, module: str, *words: object, cwd: Path) -> Finished:
        """Run ``python -m MODULE WORDS`` to its end."""
        env = {name: text for name, text in os.environ.items() if name not in (*OWN, "PYTHONPATH")}
        command = [str(self.python), "-m", module, *map(str, words)]
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=1800, check=False
        )
