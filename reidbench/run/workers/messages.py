"""What driver and worker say to each other: lines of JSON, which name plan and key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from reidbench.errors import ReidbenchError
from reidbench.plan import Plan
from reidbench.run.options import RunOptions
from reidbench.run.planned_suite import PlannedSuite

Reply: TypeAlias = Mapping[str, Any]
"""Its ``reply`` is ready, heartbeat, started, step, done, failed, full, unfit or ended; of an
examination examining, found, looked or examined."""


@dataclass(frozen=True)
class PlanRef:
    """What a plan is made from, and the digest that it must have.

    Attributes:
        suite: path of the suite file.
        data: folder below which data sets are searched for.
        protocol: name of another protocol than the suite's, None for its own.
        disabled: plugins that are left out.
        digest: of the keys of all nodes.
        contents: of each data set whose images are part of keys, by label.

    """

    suite: str
    data: str
    protocol: str | None
    disabled: Sequence[str]
    digest: str
    contents: Mapping[str, str]

    @staticmethod
    def of(planned: PlannedSuite) -> PlanRef:
        """Return the reference to a suite's whole plan."""
        options = planned.options
        return PlanRef(
            suite=str(planned.suite.path.absolute()),
            data=str(options.data_folder.absolute()),
            protocol=options.protocol,
            disabled=list(options.disabled),
            digest=plan_digest(planned.whole),
            contents=plan_contents(planned.whole),
        )

    @property
    def options(self) -> RunOptions:
        """The options from which the same plan is made again."""
        return RunOptions(
            self.suite, data=self.data, protocol=self.protocol, disabled=self.disabled
        )

    def refuse_another(self, ready: Reply) -> None:
        """Refuse the plan that a worker made of it, and said when ready, if it is another.

        Raises:
            ReidbenchError: it is; names the data sets in which the worker finds other images.

        """
        if ready["plan"] == self.digest:
            return
        theirs = ready["contents"]
        others = [label for label, own in self.contents.items() if theirs.get(label) != own]
        if others:
            raise ReidbenchError(
                f"{self.suite}: a worker finds other images in {', '.join(others)} than its "
                "driver: they have changed since the run began, then run the same command again; "
                "or its plugin gives others in each process, then let it draw from a generator "
                "with a seed of its own"
            )
        raise ReidbenchError(
            f"{self.suite}: a worker makes another plan of it now: suite, data or plugins have "
            "changed since the run began; run the same command again"
        )


@dataclass(frozen=True)
class Setup:
    """What a worker is told once, before its first request.

    Attributes:
        parent: process id of its driver; without it the worker ends.
        plan: the plan whose nodes it will make.
        store: folder of artefacts.
        device: as after ``--device``.
        threads: CPU threads; None is torch's default.
        provenance: what the store notes with each artefact.

    """

    parent: int
    plan: PlanRef
    store: str
    device: str
    threads: int | None
    provenance: Mapping[str, Any]

    def line(self) -> str:
        """Return the setup as a line."""
        return json.dumps(asdict(self)) + "\n"

    @staticmethod
    def of(line: str) -> Setup:
        """Return the setup that a line holds."""
        document = json.loads(line)
        return Setup(**{**document, "plan": PlanRef(**document["plan"])})


@dataclass(frozen=True)
class Request:
    """One phase or measurement to make.

    Attributes:
        plan: digest of the plan that it is of.
        key: its key.
        attempt: 1, or 2 after a worker was lost.
        log: file of everything that the attempt prints.

    """

    plan: str
    key: str
    attempt: int
    log: str

    def line(self) -> str:
        """Return the request as a line."""
        return json.dumps(asdict(self)) + "\n"

    @staticmethod
    def of(line: str) -> Request:
        """Return the request that a line holds."""
        return Request(**json.loads(line))


@dataclass(frozen=True)
class Examination:
    """The components of some trials to examine, before the first phase.

    Attributes:
        trials: their keys.
        skipped: names of the steps that other workers have taken.
        lost: those of them that have ended their worker: what needs their component is not examined
            either.

    """

    trials: Sequence[str] = ()
    skipped: Sequence[str] = ()
    lost: Sequence[str] = ()

    def line(self) -> str:
        """Return the examination as a line."""
        return json.dumps({_EXAMINATION: asdict(self)}) + "\n"


_EXAMINATION = "examination"


def asked(line: str) -> Request | Examination:
    """Return what a line asks a worker for."""
    document = json.loads(line)
    if _EXAMINATION in document:
        return Examination(**document[_EXAMINATION])
    return Request(**document)


def plan_digest(plan: Plan) -> str:
    """Return the digest of the keys of all nodes of a plan."""
    return hashlib.sha256(" ".join(sorted(plan.nodes)).encode()).hexdigest()


def plan_contents(plan: Plan) -> dict[str, str]:
    """Return the content of each data set whose images are part of keys, by label."""
    used = {data.label: data.content for trial in plan.trials for data in trial.data.values()}
    return {label: content for label, content in used.items() if content}
