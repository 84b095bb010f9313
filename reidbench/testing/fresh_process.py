"""A check that another process gives the same bits, and what that process runs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from reidbench.api.records import MethodRecord, TargetError
from reidbench.testing.candidate import Candidate
from reidbench.testing.check import Blocked, CheckFailed, Refused, trying
from reidbench.testing.recording import run
from reidbench.testing.sandbox import TINY

# Not the network of the run before: what that run left behind must not fit this one.
GROUND = replace(TINY, trained=False)

Digests = list[list[str]]


def same_in_another_process(candidate: Candidate) -> None:
    """Prune the untrained network here, after other runs, and in a fresh interpreter; compare."""
    candidate.finished()
    here, there = _digests(candidate), _asked_elsewhere(candidate)
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
    """Return pairs of what a run left, in words, and a digest of it."""
    phase = candidate.begin(GROUND, candidate.reduction)
    with trying(candidate.record, f"in a prune phase of {GROUND}, untrained"):
        trace = run(phase)
    tensors = [
        *((f"scores for '{name}'", values) for name, values in trace.scores),
        *((f"weights in '{name}'", values) for name, values in trace.weights.items()),
    ]
    return [
        [words, hashlib.sha256(values.cpu().numpy().tobytes()).hexdigest()]
        for words, values in tensors
    ]


def _asked_elsewhere(candidate: Candidate) -> Digests:
    """Return the digests of a fresh interpreter, which imports from the same places.

    Raises:
        CheckFailed: the method breaks there.
        Refused: the other process cannot import the method.

    """
    record = candidate.record
    with TemporaryDirectory(prefix="reidbench-testing-") as folder:
        answer = Path(folder, "answer.json")
        asked = {
            "record": _plain(record),
            "threads": torch.get_num_threads(),
            "answer": str(answer),
        }
        ended = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(str(Path(place).resolve()) for place in sys.path),
                "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1",
            },
            check=False,
        )
        said: dict[str, Any] = json.loads(answer.read_text()) if answer.exists() else {}
    if "missing" in said:
        raise Refused(
            f"{record.target} cannot be imported in another process, so it was not tried there; "
            "put the class into a module of its own"
        )
    if "digests" not in said:
        last = (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1]
        raise CheckFailed(
            f"method '{record.name}' ran through in this process and broke in a fresh one, with "
            f"{last}; let it need nothing that another run left behind"
        )
    found: Digests = said["digests"]
    return found


def _plain(record: MethodRecord) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {**values, "options": dict(record.options)}


def _answer(asked: dict[str, Any]) -> dict[str, object]:
    torch.set_num_threads(asked["threads"])
    record = MethodRecord(**asked["record"])
    try:
        record.load()
    except TargetError as error:
        return {"missing": str(error)}
    return {"digests": _digests(Candidate(record))}


def main() -> None:
    """Read a record from standard input, and write the digests of its run where that asks."""
    asked = json.load(sys.stdin)
    Path(asked["answer"]).write_text(json.dumps(_answer(asked)))
