"""The installed plugins, and which of them did not load."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reidbench.plugins import Registry, discover


def installed_plugins(disabled: Sequence[str], say: Callable[[str], None]) -> Registry:
    """Return the plugins that load, and say which do not, and why."""
    registry = discover(disabled)
    for problem in registry.problems:
        say(f"plugin {problem.plugin} left out: {problem.reason}")
    return registry
