"""What a method must be before it may begin, told before any training."""

from __future__ import annotations

from reidbench.api.method import Method
from reidbench.engine.pruning.training_hooks import has_training_hooks
from reidbench.errors import MethodError
from reidbench.plan import ConfiguredMethod

NORMALISATIONS = ("l2", "none")


def refuse_unsound(method: Method, chosen: ConfiguredMethod) -> None:
    """Refuse a method whose class and record disagree, or whose numbers are out of range.

    Raises:
        MethodError: in one sentence, naming the method.

    """
    record, own, where = chosen.record, type(method), f"method '{chosen.label}'"
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
