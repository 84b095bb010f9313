"""Collects where a result comes from: versions, commit and hardware; no host or user name."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import reidbench

PACKAGES = (
    *("torch", "torchvision", "numpy", "safetensors", "pluggy", "pydantic"),
    *("scikit-learn", "torch-pruning"),
)
GIT_SECONDS = 10


def collect() -> dict[str, Any]:
    """Return versions, commit, hardware and time, ready for JSON.

    Packages are looked up, never imported: threads and GPU are None unless torch is imported.
    """
    return {
        "reidbench": reidbench.__version__,
        "git": source_state(Path(reidbench.__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: distribution_version(name) for name in PACKAGES},
        "hardware": hardware(),
        "utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def hardware() -> dict[str, Any]:
    """Return what this process computes on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        **_torch_hardware(),
    }


def distribution_version(distribution: str) -> str | None:
    """Return the version of an installed distribution; None if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def source_state(package: Path) -> dict[str, Any] | None:
    """Return the commit of the checkout that tracks ``package``, and whether files differ from it.

    None for an installed package, even inside the checkout of another project.
    """
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _git(package, "rev-parse", "HEAD")
    changes = _git(package, "status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    return {"commit": commit, "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    # A hook's GIT_DIR would point at another repository than the folder's own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu_model() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or None)


def _memory_gib() -> float | None:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system, or it does not say
        return None
    return round(total / 2**30, 1)


def _torch_hardware() -> dict[str, Any]:
    torch = sys.modules.get("torch")
    if torch is None:
        return {"threads": None, "gpu": None}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"threads": torch.get_num_threads(), "gpu": gpu}
