"""What a method must be before its phase, may ask during it, and must have done at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import index

from torch import Tensor

from reidbench.api.method import Method
from reidbench.api.tasks import CannotScore, PrunePhase
from reidbench.engine.pruning.prunable_network import PrunableNetwork
from reidbench.errors import MethodError
from reidbench.plan import ConfiguredMethod, PruneNode

NORMALISATIONS = ("l2", "none")


def refuse_unsound(method: Method, configured: ConfiguredMethod) -> None:
    """Refuse a method whose class and record disagree, or whose numbers are out of range.

    Raises:
        MethodError: in one sentence, naming the method.
    """
    record, own, where = configured.record, type(method), f"method '{configured.label}'"
    if own.prune is not Method.prune and record.prunes != "nothing" and record.strategy != "own":
        raise MethodError(
            f"{where} overrides prune(), so its record must say strategy='own' "
            "(a suite may still name another)"
        )
    # A suite may train any scoring method that long before its cut; a record means a penalty.
    if (
        record.strategy == "regularised"
        and record.prunes != "nothing"
        and not has_training_hooks(method)
    ):
        raise MethodError(
            f"{where}: its record says strategy='regularised', and it overrides neither penalty() "
            "nor after_step(); write one of them, or say another strategy"
        )
    if own.after_step is not Method.after_step and record.data != "labels":
        raise MethodError(
            f"{where} looks at gradients after each step, which its record rules out with "
            f"data={record.data!r}; declare data='labels'"
        )
    if method.normalisation not in NORMALISATIONS:
        raise MethodError(
            f"{where}: normalisation is {method.normalisation!r}; choose 'l2' or 'none'"
        )
    if not 0 <= method.soft_factor < 1:
        raise MethodError(
            f"{where}: soft_factor is {method.soft_factor!r}; choose a factor from 0 to below 1"
        )


def refuse_undeclared_loss(configured: ConfiguredMethod) -> None:
    """Refuse the phase's loss to a method that does not declare that it looks at labels.

    Raises:
        MethodError: its record declares less.
    """
    if configured.record.data != "labels":
        raise MethodError(
            f"method '{configured.label}' asks for its phase's loss, which its record rules out; "
            "declare data='labels'"
        )


def checked_steps(steps: object, phase: PrunePhase, method: str) -> int:
    """Return the steps that a method asks for.

    Raises:
        MethodError: they are no whole number, or more than are left.
    """
    try:
        count = index(steps)  # type: ignore[arg-type]
    except TypeError:
        raise MethodError(
            f"method '{method}' asked for {steps!r} steps, which is no whole number; "
            "divide with //, or round()"
        ) from None
    if not 0 <= count <= phase.steps_left:
        raise MethodError(
            f"method '{method}' asked for {count} steps with {phase.steps_left} "
            f"of {phase.steps} left; every method trains for the same budget"
        )
    return count


def is_on_target(phase: PrunePhase, node: PruneNode) -> bool:
    """Return whether the reduction is reached, within the protocol's tolerance."""
    return abs(phase.achieved - phase.reduction) <= node.rules.pruning.tolerance


def refuse_unfinished(phase: PrunePhase, node: PruneNode, prunable: PrunableNetwork) -> None:
    """Refuse a phase whose method did not spend the budget, reach the reduction or cut by it.

    Raises:
        MethodError: in one sentence, naming the method.
    """
    where = f"method '{node.method.label}'"
    if phase.steps_left:
        raise MethodError(
            f"{where} left {phase.steps_left} of {phase.steps} steps unspent; "
            "every method trains for the whole budget"
        )
    if not is_on_target(phase, node):
        raise MethodError(
            f"{where} reached a reduction of {phase.achieved:.4f}, the target "
            f"is {phase.reduction:.4f}: outside the protocol's tolerance"
        )
    if layer := prunable.mismatched_layer:
        raise MethodError(
            f"{where}: '{layer}' has not the channels that its cuts left it; "
            "remove channels by phase.cut() alone, and put no other network in its place"
        )


def has_training_hooks(method: Method) -> bool:
    """Return whether a method takes part in training steps."""
    own = type(method)
    return own.penalty is not Method.penalty or own.after_step is not Method.after_step


def refits(method: Method) -> bool:
    """Return whether a method gives the next layers new weights."""
    return type(method).refit is not Method.refit


@contextmanager
def naming(method: str, layer: str | None = None) -> Iterator[None]:
    """Turn a ``CannotScore`` of the block into an error that names method and layer.

    Raises:
        MethodError: the method raised ``CannotScore``.
    """
    try:
        yield
    except CannotScore as error:
        where = f" cannot score '{layer}'" if layer else ""
        raise MethodError(f"method '{method}'{where}: {error}") from error


def described(value: object) -> str:
    """Return a tensor's shape, or anything else's type."""
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
