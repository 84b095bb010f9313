"""Plugins: the hooks they implement, how they are discovered, and what they declared."""

from reidbench.plugins.discovery import GROUP, discover
from reidbench.plugins.registry import (
    Component,
    Plugin,
    PluginProblem,
    Registry,
    Shelf,
    UnknownComponent,
)

__all__ = [
    "GROUP",
    "Component",
    "Plugin",
    "PluginProblem",
    "Registry",
    "Shelf",
    "UnknownComponent",
    "discover",
]
