"""The worker process: makes one node of a plan after another, as its driver asks for them."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from reidbench.engine.device import peak_gpu_memory, prepare_device
from reidbench.engine.phases import PhaseContext, run_phase
from reidbench.engine.phases.warm_up import warm_up
from reidbench.engine.pruning.torch_settings import TorchSettings
from reidbench.errors import Diverged, named_line
from reidbench.files import NoRoom
from reidbench.plan import Plan, PreflightError
from reidbench.run.damaged import remove_damaged_inputs
from reidbench.run.examination import Step, steps
from reidbench.run.findings import Finding
from reidbench.run.planned_suite import plan_suite
from reidbench.run.timings import peak_memory
from reidbench.run.workers.deaths import is_out_of_memory
from reidbench.run.workers.messages import (
    Examination,
    Request,
    Setup,
    asked,
    plan_contents,
    plan_digest,
)
from reidbench.run.workers.parent import end_with
from reidbench.run.workers.process_state import ProcessState, adopt_orphans, end_children
from reidbench.run.workers.watched_functions import WatchedFunctions
from reidbench.store import Store
from reidbench.store.claims import Claims
from reidbench.store.provenance import hardware

HEARTBEAT, STEP = 5.0, 0.2
"""Seconds between two signs of life, and at least between two reported steps."""
_SHOWN = 3


class Driver:
    """The line to the driver, out of reach of what plugins read from and print to the terminal."""

    def __init__(self) -> None:
        # Private copies: plugins and their libraries have files 0, 1 and 2.
        self.requests = os.fdopen(os.dup(0), encoding="utf-8")
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._lock, self._process = threading.Lock(), os.getpid()
        self._stepped = 0.0
        self.key = ""
        """The node that is being made."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def send(self, reply: str, **content: Any) -> None:
        """Send a reply; end the process if nobody is there to read it."""
        if os.getpid() != self._process:
            # A plugin has forked: the copy is no worker.
            os._exit(1)
        with self._lock:
            try:
                self._file.write(json.dumps({"reply": reply, **content}) + "\n")
                self._file.flush()
            except OSError:
                os._exit(1)

    def step(self, done: int, total: int, note: str) -> None:
        """Report progress inside a phase, a few times a second at most."""
        if (now := monotonic()) - self._stepped >= STEP or done == total:
            self._stepped = now
            self.send("step", key=self.key, done=done, total=total, note=note)

    def beat(self, parent: int) -> None:
        """Show signs of life until the process ends; end it when the driver has gone."""
        while os.getppid() == parent or os.name != "posix":
            self.send("heartbeat")
            threading.Event().wait(HEARTBEAT)
        os._exit(1)


def main() -> None:
    """Serve the requests that arrive on standard input until it ends."""
    driver = Driver()
    setup = Setup.of(driver.requests.readline())
    end_with(setup.parent)  # on other systems than Linux, a heartbeat notices
    faulthandler.enable()
    if hasattr(faulthandler, "register"):  # not on Windows
        faulthandler.register(signal.SIGUSR1, all_threads=True)
    threading.Thread(target=driver.beat, args=(setup.parent,), daemon=True).start()
    device = prepare_device(setup.device, setup.threads)
    own = {"device": str(device), "hardware": hardware()}
    store = Store(Path(setup.store), {**setup.provenance, **own})
    context = PhaseContext(store, device, driver.step, Claims(store.root))
    plan = plan_suite(setup.plan.options).whole
    warm_up()
    adopt_orphans()
    watched = WatchedFunctions()
    watched.learn()
    driver.send("ready", plan=plan_digest(plan), contents=plan_contents(plan), provenance=own)
    for line in driver.requests:
        what = asked(line)
        if isinstance(what, Examination):
            examine(what, plan, context, driver, watched)
        else:
            serve(what, plan, context, driver, watched)
    # Not by sys.exit: threads that a plugin has left behind would keep the process.
    os._exit(0)


def examine(
    examination: Examination,
    plan: Plan,
    context: PhaseContext,
    driver: Driver,
    watched: WatchedFunctions,
) -> None:
    """Examine the components of some trials, and say of each what is wrong and left changed."""
    keys, skipped = set(examination.trials), {*examination.skipped}
    trials = tuple(trial for trial in plan.trials if trial.key in keys)
    for step in steps(plan, trials, context.store, context.note_graph):
        if step.name in skipped or step.needs in examination.lost:
            continue
        changes = _changes_from_now(watched)
        driver.send("examining", name=step.name, doing=step.doing, trials=step.trials)
        with warnings.catch_warnings():
            for finding in _findings(step):
                driver.send("found", **finding.document())
        changed = changes()
        _flush()
        driver.send("looked", changed=changed)
    driver.send("examined")


def _findings(step: Step) -> list[Finding]:
    try:
        return list(step.look())
    # Whatever a component raises where nobody expects it, a property of a method, say.
    except BaseException as error:
        why = f"{step.name}: {named_line(error)}, while {step.doing}; correct it or leave it out"
        return [Finding(PreflightError(why), step.trials)]


def serve(
    request: Request,
    plan: Plan,
    context: PhaseContext,
    driver: Driver,
    watched: WatchedFunctions,
) -> None:
    """Make the node that a request names, and say how that went, and what it has left changed."""
    _log_to(Path(request.log))
    driver.key = request.key
    driver.send("started", key=request.key)
    node, changes = plan.nodes[request.key], _changes_from_now(watched)
    answer: dict[str, Any]
    try:
        # What a component filters away, or makes an error of, is put back.
        with warnings.catch_warnings():
            run_phase(node, context)
        answer = {"reply": "done"}
    except NoRoom as error:
        answer = {"reply": "full", "why": str(error)}
    # Whatever a method raises, KeyboardInterrupt included: nobody interrupts a worker.
    except BaseException as error:
        answer = {**_failure(error), "damaged": remove_damaged_inputs(node, context.store)}
    notes, context.decoding[:] = list(context.decoding), []
    changed = changes()
    answer |= {"changed": changed, "spent": answer.get("spent", False) or bool(changed)}
    answer |= {"peak_memory": peak_memory(), "peak_gpu_memory": peak_gpu_memory()}
    _flush()
    driver.send(key=request.key, decoding=notes, **answer)


def _changes_from_now(watched: WatchedFunctions) -> Callable[[], list[str]]:
    """Return what tells, when it is called, what has been left changed in this process since."""
    watched.learn()
    before, settings = ProcessState.capture(), TorchSettings.capture()
    return lambda: [*settings.changes(), *before.changes(), *_left_behind(watched)]


def _left_behind(watched: WatchedFunctions) -> list[str]:
    """Return what a phase has left in this process's functions, and as processes, which it ends."""
    found = []
    if replaced := watched.replaced():
        more = f" and {len(replaced) - _SHOWN} more" if len(replaced) > _SHOWN else ""
        found.append(f"the function {', '.join(replaced[:_SHOWN])}{more}")
    if count := end_children():
        found.append(f"the running processes ({count} left behind)")
    return found


def _failure(error: BaseException) -> dict[str, Any]:
    """Return the reply to an error; ``spent``: the process should make nothing after it."""
    text = "".join(traceback.format_exception(error))
    if isinstance(error, Diverged):
        return {"reply": "failed", "status": "diverged", "why": str(error), "traceback": text}
    memory = is_out_of_memory(error)
    why = f"out of memory: {named_line(error)}" if memory else named_line(error)
    return {
        "reply": "failed",
        "status": "failed",
        "why": why,
        "traceback": text,
        "spent": memory or not isinstance(error, Exception | SystemExit),
    }


def _log_to(log: Path) -> None:
    """Send all output of this process, and of its libraries, to a file."""
    _flush()
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A plugin may have closed it.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
