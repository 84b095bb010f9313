"""The most memory that this process held at once, since it was last asked to watch."""

from __future__ import annotations

from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def start_watching() -> float:
    """Forget the peak so far; return the bytes held now. Where the system keeps none, 0."""
    if not _CLEAR.exists():
        return 0.0
    _CLEAR.write_text("5")
    return _bytes("VmRSS")


def peak_memory() -> float:
    """Return the most bytes held since; 0 where the system does not tell."""
    return _bytes("VmHWM") if _STATUS.exists() else 0.0


def _bytes(field: str) -> float:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
