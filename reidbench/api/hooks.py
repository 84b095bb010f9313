"""The decorator that marks the hooks a plugin implements."""

from __future__ import annotations

import pluggy

PROJECT = "reidbench"
hookimpl = pluggy.HookimplMarker(PROJECT)
