"""Runs commands that only print: instant, without torch, and nothing is written."""

from __future__ import annotations

from tests.cli.conftest import Run
from tests.support.commands import imported


def printed(run: Run, *words: object) -> str:
    """Return what a command prints that must succeed, import no torch, and write nothing."""
    before = run.files()
    done, modules = imported(*words, cwd=run.folder, env=run.env)
    assert (done.returncode, done.stderr) == (0, "")
    assert not {"torch", "torchvision"} & modules
    assert run.files() == before
    return done.stdout
