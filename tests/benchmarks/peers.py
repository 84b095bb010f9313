"""Finds the peers that benchmarks compare with, as they are installed; skips where they are not."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

TORCHREID_PYX = "REIDBENCH_TORCHREID_PYX"
"""The environment variable that holds the path of torchreid's ``rank_cy.pyx``, as in its source
repository: the package on PyPI comes without it."""
_PYX = Path("evaluation", "rank_cylib", "rank_cy.pyx")


def torchreid() -> ModuleType:
    """Return torchreid with its data, engine, models and optim, whole and unchanged.

    Skips the test that asks where torchreid, or anything that it imports, is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that its Cython evaluator is not there
            return importlib.import_module("torchreid")
    except ImportError as error:
        pytest.skip(f"torchreid cannot be imported ({error}): pip install 'reidbench[bench]'")


def fastreid_pyx() -> Path:
    """Return fast-reid's Cython evaluator, or skip where fast-reid is not installed.

    It is found and not imported: fast-reid itself needs Python below 3.10.
    """
    spec = importlib.util.find_spec("fastreid")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        # Without its dependencies, because they pin a torch of years ago.
        pytest.skip("fast-reid is not installed: pip install --no-deps fastreid==1.4.0")
    return _file(Path(folders[0]) / _PYX)


def torchreid_pyx() -> Path:
    """Return torchreid's own Cython evaluator, or skip where nobody says where it is."""
    if not os.environ.get(TORCHREID_PYX):
        pytest.skip(f"{TORCHREID_PYX} is not set to torchreid's rank_cy.pyx")
    return _file(Path(os.environ[TORCHREID_PYX]))


def _file(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


def cython_evaluator(source: Path) -> Callable[..., tuple[Any, ...]]:
    """Compile a peer's ``rank_cy.pyx`` with its own defaults and return its ``evaluate_cy``.

    ``evaluate_cy(distmat, q_pids, g_pids, q_camids, g_camids, max_rank)`` takes distances
    (queries, gallery), which it converts to float32, and identities and cameras, to int64. The
    first answer is the cumulated matches (max_rank,), float32; then torchreid gives the mean
    average precision, and fast-reid the average precision and the inverse negative penalty of
    each valid query. Neither knows junk: leave identity -1 out of the gallery. Both need at least
    ``max_rank`` gallery images that stay for each query; else the curve comes out wrong.

    Skips where Cython, setuptools or a C compiler is not installed.

    Raises:
        RuntimeError: the file does not compile; holds what the compiler says.

    """
    _need_a_compiler()
    # A loaded library outlives its file everywhere but on Windows, which keeps both.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = Path(shutil.copy(source, folder))
        _compile(copy)
        library = copy.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
        spec = importlib.util.spec_from_file_location(copy.stem, library)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    evaluate: Callable[..., tuple[Any, ...]] = module.evaluate_cy
    return evaluate


def _need_a_compiler() -> None:
    for package in ("Cython", "setuptools"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'reidbench[bench]'")
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no C compiler: '{compiler}' is not found")


def _compile(pyx: Path) -> None:
    """Leave the extension module beside its source."""
    include = f"{os.environ.get('CFLAGS', '')} -I{shlex.quote(np.get_include())}"
    done = subprocess.run(
        [sys.executable, "-m", "Cython.Build.Cythonize", "--inplace", str(pyx)],
        env={**os.environ, "CFLAGS": include.strip()},
        cwd=pyx.parent,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{pyx.name} does not compile:\n{done.stdout}{done.stderr}")
