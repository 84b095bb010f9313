"""What methods, networks and data sets do to their process."""

from __future__ import annotations

import ctypes
import gc
import locale
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import torch

_KEPT: list[object] = []


class Panic(BaseException):
    """What a module in another language raises."""


def exits() -> None:
    sys.exit("farewell")


def leaves() -> None:
    os._exit(0)


def segfaults() -> None:
    print("about to read nowhere", flush=True)
    ctypes.string_at(0)


def kills() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupts() -> None:
    raise KeyboardInterrupt("from within")


def panics() -> None:
    raise Panic("in another language")


def loops() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(0.01)


def hogs() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 28), resource.RLIM_INFINITY))
    torch.zeros(1 << 30)


def shouts() -> None:
    """Print as many megabytes as the environment says."""
    for _ in range(int(os.environ.get("HOSTILE_MEGABYTES", "10"))):
        sys.stdout.write(("x" * 9999 + "\n") * 100)
    os.write(2, b"last words\n")
    os.abort()


def forks() -> None:
    """Leave a copy of the process that goes on, a thread, and closed files."""
    if os.fork() == 0:
        return
    for number in (0, 1):
        os.close(number)


def daemon() -> None:
    """Leave a process behind that is nobody's child and ignores requests to end."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.execv("/bin/sleep", ["sleep", os.environ.get("HOSTILE_SLEEP", "987")])
        os._exit(0)
    os.wait()


def vandal() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(3)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_flush_denormal(True)


def infers() -> None:
    """Enter a mode of torch for good."""
    _KEPT.append(torch.inference_mode())
    _KEPT[-1].__enter__()


def wanders() -> None:
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.environ.clear()
    os.environ["TZ"] = "Asia/Kathmandu"
    time.tzset()
    os.umask(0o077)
    locale.setlocale(locale.LC_ALL, "C")
    sys.path.clear()
    os.nice(1)


def mutes() -> None:
    sys.stdout.close()
    warnings.simplefilter("error")
    np.seterr(all="raise")
    sys.setrecursionlimit(200)
    gc.disable()


def deafens() -> None:
    """Ignore all that can be ignored, and have an alarm ring in a later phase."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 30)


def lingers() -> None:
    """Leave a thread that spoils torch's settings for as long as the process lives."""

    def spoil() -> None:
        time.sleep(0.5)
        while True:
            torch.set_default_dtype(torch.float64)
            torch.set_num_threads(3)
            time.sleep(0.001)

    threading.Thread(target=spoil, daemon=True, name="spoiler").start()


def patches() -> None:
    """Replace functions of torch and of this project by subtly other ones."""
    relu, add = torch.relu, torch.Tensor.add_
    torch.relu = lambda maps: relu(maps - 0.01)

    def short_add(self: torch.Tensor, other: object, **more: object) -> torch.Tensor:
        added = add(self, other, **more)
        return added.mul_(0.999) if added.is_floating_point() else added

    torch.Tensor.add_ = short_add
    torch.nn.BatchNorm2d.forward = lambda self, maps: maps


def litters() -> None:
    for _ in range(20):
        Path(tempfile.mkstemp(prefix="hostile-litter-")[1]).write_bytes(bytes(1 << 20))


def reseeds() -> None:
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)


def everything() -> None:
    """Do all at once that lets the phase go on."""
    for attack in (lingers, litters, patches, deafens, wanders):
        attack()
