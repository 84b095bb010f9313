"""A check that a fresh process gives the same bits, and the code which that process runs."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from reidbench.api.records import MethodRecord, TargetError
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked, CheckFailed, Refused, trying
from reidbench.testing.interpreter import ask
from reidbench.testing.recording import run
from reidbench.testing.sandbox import TINY

# Another network than in the reference run: a cache that run left behind must not fit this one.
UNTRAINED = replace(TINY, trained=False)

Digests = list[list[str]]


def same_in_another_process(candidate: Candidate) -> None:
    """Prune the untrained network here, after other runs, and in a fresh interpreter; compare."""
    candidate.finished()
    here, there = _digests(candidate), _fresh_digests(candidate)
    if here == there:
        return
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


def _fresh_digests(candidate: Candidate) -> Digests:
    """Return the digests of a run in a fresh interpreter with the same import path.

    Raises:
        CheckFailed: the method breaks there.
        Refused: the other process cannot import the method.
    """
    record = candidate.record

    def request(answer: Path) -> dict[str, Any]:
        return {
            "record": {**vars(record), "options": dict(record.options)},
            "threads": torch.get_num_threads(),
            "answer": str(answer),
        }

    reply, last = ask(__name__, request)
    if "missing" in reply:
        raise Refused(
            f"{record.target} cannot be imported in another process, so it was not tried there; "
            "put the class into a module of its own"
        )
    if "digests" not in reply:
        raise CheckFailed(
            f"method '{record.name}' ran through in this process and broke in a fresh one, with "
            f"{last}; let it need nothing that another run left behind"
        )
    found: Digests = reply["digests"]
    return found


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
