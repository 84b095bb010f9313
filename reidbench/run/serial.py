"""Runs a plan in this process, one node after another."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from reidbench.engine.device import Device
from reidbench.engine.phases import PhaseContext, run_phase
from reidbench.errors import Diverged, named_line
from reidbench.files import NoRoom
from reidbench.interrupts import noting_interrupts
from reidbench.plan import Node, Plan, Trial
from reidbench.plugins import Registry
from reidbench.results import Result, write_result
from reidbench.run.assemble import failed_result, finished_result
from reidbench.run.damaged import remove_damaged_inputs
from reidbench.run.executor import Failure
from reidbench.run.forecast import Forecast
from reidbench.run.labels import FAILED, timing_name, title
from reidbench.run.progress import Reporter
from reidbench.run.timings import TimingsRecorder
from reidbench.store import Store
from reidbench.store.claims import Claims

_log = logging.getLogger(__name__)


@dataclass
class SerialExecutor:
    """One process, one node at a time; nodes that are in the store are not run again."""

    store: Store
    registry: Registry
    results: Path
    reporter: Reporter
    device: Device
    forecast: Forecast
    recorder: TimingsRecorder
    _failures: dict[str, Failure] = field(default_factory=dict)

    def run(self, plan: Plan, trials: tuple[Trial, ...]) -> list[Result]:
        """Run trials to their results; a failure ends its trial, never the run.

        Raises:
            NoRoom: a disk is full, which ends the run.

        """
        claims = Claims(self.store.root)
        context = PhaseContext(self.store, self.device, self.reporter.step, claims)
        self.recorder.count_found(trials, self.store)
        results = []
        with self.reporter.running(), closing(claims):
            for index, trial in enumerate(trials, start=1):
                self.reporter.trial(index, len(trials), str(trial.id))
                result = self._trial(plan, trial, context)
                write_result(self.results, result)
                self.registry.trial_finished(result)
                self.reporter.settled(index, len(trials), result)
                results.append(result)
        return results

    def _trial(self, plan: Plan, trial: Trial, context: PhaseContext) -> Result:
        # Another failure for each input that was damaged: a trial has as many as it has nodes.
        for _ in trial.nodes:
            failed = self._first_failure(trial, context)
            if failed is None:
                return finished_result(plan, trial, self.store)
            node, failure = failed
            if not (damaged := remove_damaged_inputs(node, self.store)):
                break
            _log.warning("made again, as they were damaged: %s", ", ".join(damaged))
        # Kept for the trials that share the node; a new run tries again.
        self._failures[node.key] = failure
        return failed_result(plan, trial, self.store, failure)

    def _first_failure(self, trial: Trial, context: PhaseContext) -> tuple[Node, Failure] | None:
        """Make what a trial lacks; return the node that could not be made, and why."""
        for node in trial.nodes:
            failure = self._failures.get(node.key) or self.make(node, trial, context)
            if failure is not None:
                return node, failure
        return None

    def make(self, node: Node, trial: Trial, context: PhaseContext) -> Failure | None:
        """Run a node of a trial unless it is in the store; return why it could not be."""
        if self.store.has(node.key):
            self.store.mark_used(node.key)  # nothing that makes room may remove it now
            return None
        with context.turn(node.key) as mine:
            return self._made(node, trial, context) if mine else None

    def _made(self, node: Node, trial: Trial, context: PhaseContext) -> Failure | None:
        words, weight, started = title(node, trial), self.forecast.weight(node), perf_counter()
        label, events = f"{trial.id}: {words}", self.reporter.events
        events.begin(node.key, label)
        failure = self._tried(node, trial, context)
        seconds = round(perf_counter() - started, 3)
        if failure is None:
            events.end("finished", node.key, label, seconds=seconds, weight=weight)
        else:
            events.end("failed", node.key, label, seconds=seconds, why=failure.why)
        return failure

    def _tried(self, node: Node, trial: Trial, context: PhaseContext) -> Failure | None:
        words = title(node, trial)
        reported = self.reporter.phase(words, self.forecast.weight(node), node.key)
        with noting_interrupts() as received, reported:
            try:
                self._run(node, trial, context)
            except NoRoom:
                # No fault of the trial, and every later one would be lost as well.
                raise
            except Diverged as error:
                _log.warning("%s: %s diverged: %s", trial.id, words, error)
                return Failure("diverged", str(error))
            # Whatever a method raises ends its trial, and only the user's Ctrl-C the run.
            except BaseException as error:
                if received:
                    raise
                _log.error("%s: %s failed\n%s", trial.id, words, traceback.format_exc())
                return Failure("failed", named_line(error))
        return None

    def _run(self, node: Node, trial: Trial, context: PhaseContext) -> None:
        started = perf_counter()
        try:
            run_phase(node, context)
        except BaseException:
            self._record(FAILED, started, {"seconds": {}}, context)
            raise
        self._record(timing_name(node, trial), started, self.store.meta(node.key), context)

    def _record(
        self, name: str, started: float, meta: Mapping[str, Any], context: PhaseContext
    ) -> None:
        """Record a phase that ends now, and beside it the images that were decoded for it."""
        decoded, context.decoding[:] = list(context.decoding), []
        self.recorder.record_with_images(name, perf_counter() - started, meta, decoded)
