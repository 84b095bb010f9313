"""Tells the deaths of workers apart: out of memory, by a signal, or by a plain exit."""

from __future__ import annotations

import re
import signal
from pathlib import Path

_MEMORY_WORDS = re.compile(
    r"CUDA out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED"
    r"|DefaultCPUAllocator: (can't|not enough)|Cannot allocate memory|Unable to allocate"
)
_TAIL_LINES, _TAIL_BYTES, _TAIL_TEXT = 20, 1 << 16, 600
_STACK = re.compile(r"Fatal Python error|(Current thread|Thread) 0x")
_FRAMES = 5
"""Innermost frames that are shown of the stack of a process that was ended."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory is used up, of the machine or of a GPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError | OSError) and bool(_MEMORY_WORDS.search(str(error)))


def death(status: int, oom_kills: int, *, in_phase: bool = False, who: str = "the worker") -> str:
    """Return how a worker ended, by its exit status.

    ``oom_kills`` is how many processes the system has killed since for want of memory.
    """
    if status >= 0:
        early = " before the phase was done" if in_phase else ""
        return f"{who} exited with status {status}{early}"
    number = -status
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    if number == signal.SIGKILL and oom_kills > 0:
        return f"out of memory: the system killed {who}"
    return f"{who} was killed by signal {number} ({name})"


def was_killed(status: int | None) -> bool:
    """Return whether a process ended by a signal that mostly comes from outside, the system's too.

    ``status``: as of ``subprocess``; None of one that goes on.
    """
    return status in (-signal.SIGTERM, -getattr(signal, "SIGKILL", 9))


def lost_at(name: str, doing: str, what: str, how: str, printed: str) -> str:
    """Return the sentence on a component that has cost the process which examined it.

    ``doing``: what was done to it; ``what`` and ``how`` the process ended; ``printed``: its last
    words, the stack of a crash, or of where it was stopped.
    """
    output = f"; its output ends: {printed}" if printed else ""
    return f"{name} {what} while {doing}{how}; correct it or leave it out{output}"


def oom_kills() -> int:
    """Return how many processes of this group the system has killed for want of memory so far."""
    for events in _event_files():
        try:
            text = events.read_text(encoding="ascii")
        except OSError:
            continue
        if found := re.search(r"^oom_kill (\d+)$", text, re.MULTILINE):
            return int(found[1])
    return 0


def _event_files() -> list[Path]:
    root = Path("/sys/fs/cgroup")
    found = [root / "memory.events", root / "memory" / "memory.oom_control"]
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if not controllers:
            found.insert(0, root / path.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            found.insert(0, root / "memory" / path.lstrip("/") / "memory.oom_control")
    return found


def tail(log: Path) -> str:
    """Return the last of what an attempt printed, on one line; empty if it printed nothing."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    shown = " | ".join(_last(lines))
    printable = "".join(letter if letter.isprintable() else "?" for letter in shown)
    return printable if len(printable) <= _TAIL_TEXT else "..." + printable[-_TAIL_TEXT:]


def _last(lines: list[str]) -> list[str]:
    """Return the last lines; of stacks that end them, the innermost frames of the main thread."""
    stacks = [index for index, line in enumerate(lines) if _STACK.match(line)]
    if not stacks:
        return lines[-_TAIL_LINES:]
    own, fatal = lines[: stacks[0]], [line for line in lines if line.startswith("Fatal Python")]
    # The main thread's stack is the last; behind it comes a long list of modules.
    return own[-_FRAMES:] + fatal[-1:] + lines[stacks[-1] + 1 :][:_FRAMES]
