"""A method under test, and the two plain runs of it that most checks build on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from reidbench.api.method import Method
from reidbench.api.records import Data, MethodRecord
from reidbench.engine.channels import ScopeError
from reidbench.engine.pruning.phase import Pruning
from reidbench.engine.training.seeds import isolated
from reidbench.errors import one_line
from reidbench.testing.check import Blocked, CheckFailed, Refused, trying
from reidbench.testing.recording import Trace, guard, restored, run, watch
from reidbench.testing.sandbox import TINY, Sandbox

REFERENCE = 0.5
"""The reduction of the run that checks compare with."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A record, and the results of running its method; nothing runs before a check needs it."""

    record: MethodRecord
    changes: list[str] = field(default_factory=list)
    """Changes that the reference run made to networks and images which it may only read."""
    draws: list[str] = field(default_factory=list)
    """Draws of the reference run from the generators of the process."""
    settings: list[str] = field(default_factory=list)
    """Changes to torch's settings by import, construction, ranking and the reference run."""

    @property
    def name(self) -> str:
        """The method's name."""
        return self.record.name

    @property
    def reduction(self) -> float:
        """The reduction of plain runs: none for a method that keeps every channel."""
        return 0.0 if self.record.prunes == "nothing" else REFERENCE

    @property
    def granted(self) -> MethodRecord:
        """The record with access to all data: one check alone tests what it declares."""
        return self.record if self.record.prunes == "nothing" else self.declaring("labels")

    @property
    def ranks(self) -> bool:
        """Whether the harness may ask it for scores."""
        if self.record.prunes == "nothing":
            return False
        try:
            with restored(self.settings, "importing it"):
                target = self.record.load()
        except KeyboardInterrupt:
            raise
        except BaseException:
            return True
        own_scores = getattr(target, "scores", None) is not Method.scores
        return own_scores or self.record.strategy != "own"

    def declaring(self, data: Data) -> MethodRecord:
        """Return the record as if it declared ``data``."""
        return replace(self.record, data=data)

    def begin(self, sandbox: Sandbox = TINY, reduction: float | None = None) -> Pruning:
        """Return a prune phase of this method, which may look at everything.

        Raises:
            Blocked: its target does not import, its constructor refuses the defaults, or the
                backbone does not work with any method.
        """
        _needs_backbone(sandbox, initial=self.record.prunes == "initial")
        try:
            self.make()
        except CheckFailed as error:
            raise Blocked("needs 'documents-itself' to pass first") from error
        with trying(self.record, "when its phase began"):
            return sandbox.begin(self.granted, reduction)

    def rank(self, sandbox: Sandbox) -> None:
        """Have the harness rank every group in scope, and check the scores."""
        phase = self.begin(sandbox)
        guard(phase.method, self.settings)
        with trying(self.record, f"while it ranked the groups of {sandbox}"), isolated(0):
            phase.rank()

    def again(self, where: str, *, sandbox: Sandbox = TINY, state: int = 0) -> Trace:
        """Run the phase of the reference once more; ``where`` ends the sentence of a failure."""
        phase = self.begin(sandbox, self.reduction)
        with trying(self.record, where):
            return run(phase, state=state)

    @cached_property
    def reference(self) -> Trace:
        """The whole prune phase at the reference reduction.

        Raises:
            CheckFailed, Refused: it does not run to its end.
        """
        phase = self.begin(TINY, self.reduction)
        seen = watch(phase)
        with trying(self.record, f"in a prune phase to {self.reduction:g} of {TINY}"):
            trace = run(phase)
        self.changes[:], self.draws[:] = seen.changes, seen.draws
        self.settings.extend(trace.settings)
        return trace

    def finished(self) -> Trace:
        """Return the reference run, for a check that builds on it.

        Raises:
            Blocked: the method cannot even rank, or never finishes.
            Refused: it has no score for the tiny network.
        """
        self.needs_scores()
        try:
            return self.reference
        except CheckFailed as error:
            nothing = self.record.prunes == "nothing"
            check = "spends-the-budget" if nothing else f"meets-the-target-at-{REFERENCE:g}"
            raise Blocked(f"needs '{check}' to pass first") from error

    def make(self) -> Method:
        """Make the method from its record's defaults.

        Raises:
            CheckFailed: its target does not import, refuses the defaults, or makes no method.
        """
        with (
            trying(self.record, "when it was made with its record's defaults"),
            restored(self.settings, "__init__()"),
        ):
            made = self.record.build({})
        if not isinstance(made, Method):
            raise CheckFailed(
                f"method '{self.name}': its target {self.record.target} made a "
                f"{type(made).__name__}, where a subclass of reidbench.api.Method was expected; "
                "derive the class from Method"
            )
        return made

    def needs_scores(self) -> None:
        """Stop a check of a method that cannot rank the tiny network.

        Raises:
            Blocked: it fails where it ranks.
            Refused: it raises ``CannotScore``.
        """
        try:
            self._ranked_tiny  # noqa: B018 - once is enough
        except Blocked:
            raise
        except CheckFailed as error:
            raise Blocked("needs 'scores-tiny-inner' to pass first") from error

    @cached_property
    def _ranked_tiny(self) -> bool:
        if self.ranks:
            self.rank(TINY)
        return True


def _needs_backbone(sandbox: Sandbox, *, initial: bool) -> None:
    """Begin a phase of a method that does nothing: what fails then is no fault of another method.

    Raises:
        Blocked: the backbone cannot be built, captured or run.
        Refused: it has no group in the scope.
    """
    try:
        sandbox.pristine(initial=initial)
    except ScopeError as error:
        raise Refused(str(error)) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name = sandbox.backbone.name
        raise Blocked(
            f"needs backbone '{name}' to work first: with no method at all it raised "
            f"{type(error).__name__} ({one_line(error)}); correct {sandbox.backbone.target}"
        ) from error
