"""The sessions that CONTRIBUTING.md names; ``nox -l`` lists them."""

from __future__ import annotations

import nox

nox.options.sessions = ["tests", "lint", "types", "layers"]
nox.options.default_venv_backend = "none"  # torch is 6 GB: one environment serves them


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite."""
    session.run("pytest", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the test suite with coverage, against the floor in pyproject.toml."""
    session.run("pytest", "--cov", "--cov-report=term:skip-covered", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check rules and format."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Check which package imports which."""
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site of docs/ in build/docs; a warning fails."""
    session.run("zensical", "build", "--clean", "--strict", *session.posargs)


@nox.session
def nightly(session: nox.Session) -> None:
    """Run the slow checks and show the figures that they print."""
    session.run("pytest", "-n0", "-m", "nightly", "-s", *session.posargs)


@nox.session(venv_backend="virtualenv", reuse_venv=True)
def benchmarks(session: nox.Session) -> None:
    """Measure speed against peers and write docs/performance.md."""
    session.install("-e", ".[bench]")
    session.install("--no-deps", "fastreid==1.4.0")
    session.run("python", "-m", "tests.benchmarks.report", *session.posargs)


@nox.session(venv_backend="virtualenv", reuse_venv=True)
def build(session: nox.Session) -> None:
    """Build the sdist, and the wheel from it."""
    session.install("build")
    session.run("python", "-m", "build", *session.posargs)
