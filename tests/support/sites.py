"""Folders that, on the path, make a module an installed plugin."""

from __future__ import annotations

from pathlib import Path


def write_site(site: Path, name: str, code: str) -> Path:
    """Write distribution ``reidbench-NAME`` with one module of ``code``; return its folder."""
    info = site / f"reidbench_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: reidbench-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[reidbench]\n{name} = reidbench_{name}\n")
    (site / f"reidbench_{name}.py").write_text(code)
    return site
