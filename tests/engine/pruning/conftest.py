"""The fixtures of the phases' tests, which run prune phases too."""

from tests.engine.phases.conftest import fresh, tiny_plugin, world

__all__ = ["fresh", "tiny_plugin", "world"]
