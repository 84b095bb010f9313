"""A reader who types everything a page shows, in a folder and an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reidbench.config.own_protocol import read_protocol
from reidbench.config.suite import Suite, load_suite
from tests.documentation.blocks import Block
from tests.support.commands import environment
from tests.support.places import ROOT
from tests.support.suites import suite_text

PUBLISHED = ("docs", "leaderboard", "plugins", "suites")
"""What the reader's clone has; results of the quickstart are where a run leaves them."""
TOOLS = {
    "reidbench": 'exec "{python}" -m reidbench "$@"',
    "pip": 'shift; exec "{owner}" -m pip --python "{python}" --disable-pip-version-check install '
    '--quiet --no-index --no-deps --no-build-isolation "$@"',
}
"""Commands of the reader's environment. ``pip install`` takes what this one has, and no network."""


@dataclass
class Reader:
    """Runs blocks one after another.

    Attributes:
        names: what the page's Python has defined so far.
        suite: the parts of suites that it has shown so far, which make one suite.

    """

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    suite: dict[str, Any] = field(default_factory=lambda: {"methods": ["dense", "l1", "taylor"]})

    def __post_init__(self) -> None:
        for name in PUBLISHED:
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / "runs" / "store").mkdir(parents=True)
        results = self.folder / "runs" / "quickstart" / "results"
        results.mkdir(parents=True)
        published = ROOT / "leaderboard" / "quickstart" / "results.jsonl"
        (results / published.name).symlink_to(published)

    def run(self, block: Block) -> None:
        """Do what a block says.

        Raises:
            AssertionError: a command fails, or a language that nobody can run or check.

        """
        if block.title:
            return self._write(block)
        if block.language in ("python", "setup"):
            return self._python(block)
        if block.language in ("bash", "sh"):
            return self._shell(block)
        if block.language == "yaml":
            return self._check(block)
        raise AssertionError(f"{block}: nothing runs a block of {block.language!r}; mark it")

    def _write(self, block: Block) -> None:
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def _python(self, block: Block) -> None:
        # Empty lines in front, so that a traceback names the line of the page.
        code = compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")
        exec(code, self.names)

    def _shell(self, block: Block) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        said = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert done.returncode == 0, f"{block}: exit status {done.returncode}\n{said}"

    def _environment(self) -> Mapping[str, str]:
        home = self.folder / ".venv"
        if not home.exists():
            _make_environment(home)
        inherited = environment()
        return {**inherited, "PATH": os.pathsep.join([str(home / "bin"), inherited["PATH"]])}

    def _check(self, block: Block) -> None:
        """Load a suite, a part of one, or a protocol."""
        document = yaml.safe_load(block.text)
        file = self.folder / "shown.yaml"
        if document.keys() <= Suite.model_fields.keys():
            self.suite |= document
            whole = block.text if "name" in document else suite_text(**self.suite)
            file.write_text(whole, encoding="utf-8")
            load_suite(file)
        else:
            file.write_text(block.text, encoding="utf-8")
            read_protocol(file)


def _make_environment(home: Path) -> None:
    """Make a virtual environment in which all that is installed here can be imported."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    paths = [path for path in sys.path if Path(path).is_dir()]
    (site / "inherited.pth").write_text("\n".join(paths))
    for name, line in TOOLS.items():
        tool = home / "bin" / name
        words = line.format(python=home / "bin" / "python", owner=sys.executable)
        tool.write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
        tool.chmod(0o755)
