"""Plugins: the hooks they implement, their discovery, and the components they declare."""

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
