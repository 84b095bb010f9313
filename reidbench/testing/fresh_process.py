"""A check that a fresh process gives the same bits, and the code which that process runs."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from reidbench.api.records import MethodRecord, TargetError
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked, CheckFailed, Refused, trying
from reidbench.testing.interpreter import Asked
from reidbench.testing.recording import run
from reidbench.testing.sandbox import TINY

# Another network than in the reference run: a cache that run left behind must not fit this one.
UNTRAINED = replace(TINY, trained=False)

Digests = list[list[str]]


@dataclass
class Elsewhere:
    """The check that a fresh process gives the same bits; ``begin`` starts it beside others."""

    candidate: Candidate
    asked: Asked | None = None

    def begin(self) -> None:
        """Start the fresh process, which takes seconds to import torch."""
        if self.asked is None:
            self.asked = Asked(__name__, self._request)

    def check(self) -> None:
        """Prune the untrained network here, after other runs, and in the process; compare."""
        try:
            self.candidate.finished()
            self.begin()
            here, there = _digests(self.candidate), self._answer()
        finally:
            if self.asked is not None:
                self.asked.close()
                self.asked = None
        if here != there:
            _refuse_difference(self.candidate, here, there)

    def _request(self, answer: Path) -> dict[str, Any]:
        record = self.candidate.record
        return {
            "record": {**vars(record), "options": dict(record.options)},
            "threads": torch.get_num_threads(),
            "answer": str(answer),
        }

    def _answer(self) -> Digests:
        """Return the digests of the run in the fresh process.

        Raises:
            CheckFailed: the method breaks there.
            Refused: the other process cannot import the method.
        """
        assert self.asked is not None
        reply, last = self.asked.answer()
        record = self.candidate.record
        if "missing" in reply:
            raise Refused(
                f"{record.target} cannot be imported in another process, so it was not tried "
                "there; put the class into a module of its own"
            )
        if "digests" not in reply:
            raise CheckFailed(
                f"method '{record.name}' ran through in this process and broke in a fresh one, "
                f"with {last}; let it need nothing that another run left behind"
            )
        found: Digests = reply["digests"]
        return found


def _refuse_difference(candidate: Candidate, here: Digests, there: Digests) -> None:
    pairs = zip(here, there, strict=False)
    difference = next((mine[0] for mine, theirs in pairs if mine != theirs), "scores")
    if _digests(candidate) != here:
        raise Blocked("needs 'deterministic' to pass first")
    raise CheckFailed(
        f"method '{candidate.name}' gave other {difference} in a fresh process than "
        f"after other runs in this one, in a prune phase of {TINY}; suites run in many processes, "
        "so keep nothing outside the instance, and take no seed from hash(), id(), the clock or "
        "the process: task.generator is the same everywhere"
    )


def _digests(candidate: Candidate) -> Digests:
    """Return the results of a run as pairs of a description and a SHA-256."""
    phase = candidate.begin(UNTRAINED, candidate.reduction)
    with trying(candidate.record, f"in a prune phase of {UNTRAINED}, untrained"):
        trace = run(phase)
    tensors = [
        *((f"scores for '{name}'", values) for name, values in trace.scores),
        *((f"weights in '{name}'", values) for name, values in trace.weights.items()),
    ]
    return [
        [what, hashlib.sha256(values.cpu().numpy().tobytes()).hexdigest()]
        for what, values in tensors
    ]


def main() -> None:
    """Read a request from standard input, and write the digests of the run to its file."""
    request = json.load(sys.stdin)
    torch.set_num_threads(request["threads"])
    record = MethodRecord(**request["record"])
    try:
        record.load()
        answer: dict[str, object] = {"digests": _digests(Candidate(record))}
    except TargetError as error:
        answer = {"missing": str(error)}
    Path(request["answer"]).write_text(json.dumps(answer))
