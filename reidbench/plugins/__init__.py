"""Plugins: the hooks they implement, how they are discovered, and what they declared."""

from reidbench.plugins.discovery import GROUP, discover
from reidbench.plugins.registry import (
    Catalogue,
    Component,
    Plugin,
    PluginProblem,
    Registry,
    UnknownComponent,
)

__all__ = [
    "GROUP",
    "Catalogue",
    "Component",
    "Plugin",
    "PluginProblem",
    "Registry",
    "UnknownComponent",
    "discover",
]
