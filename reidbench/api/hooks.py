"""The mark that a plugin puts on the hooks it implements."""

from __future__ import annotations

import pluggy

PROJECT = "reidbench"
hookimpl = pluggy.HookimplMarker(PROJECT)
