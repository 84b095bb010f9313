"""The world of the phases' tests, for those of the room below."""

from tests.engine.phases.conftest import fresh, tiny_plugin, world

__all__ = ["fresh", "tiny_plugin", "world"]
