"""Checks as the parameters of a test, as scikit-learn's ``parametrize_with_checks`` gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reidbench.api.records import Record
from reidbench.errors import did_you_mean
from reidbench.testing.catalogue import checks
from reidbench.testing.check import CheckFailed

if TYPE_CHECKING:
    import pytest


def parametrize_with_checks(
    *components: Record | str,
    known_failures: Mapping[str, str] | None = None,
    **settings: Any,
) -> pytest.MarkDecorator:
    """Return a decorator that runs a test with each check of components, as ``check``.

    ``known_failures`` maps names of checks to the reason why they fail: they are expected to
    (``xfail``, strict), so that a test fails as soon as one of them passes. ``settings`` are those
    of ``checks``. Needs pytest.

    Raises:
        ValueError: a known failure that is no check of these components, or without a reason.
        ReidbenchError: a name that no plugin declares.

    Example::

        @parametrize_with_checks("my-l2", known_failures={"small-groups": "needs two channels"})
        def test_my_l2_keeps_the_contract(check):
            check()

    """
    import pytest  # here, because only tests have it

    known = dict(known_failures or {})
    found = [check for component in components for check in checks(component, **settings)]
    for fault in _faults(known, [check.name for check in found]):
        raise ValueError(f"known_failures: {fault}")
    parameters = [
        pytest.param(
            check,
            id=f"{check.component}-{check}",
            marks=[pytest.mark.xfail(reason=known[check.name], strict=True, raises=CheckFailed)]
            if check.name in known
            else [],
        )
        for check in found
    ]
    return pytest.mark.parametrize("check", parameters)


def _faults(known: Mapping[str, str], names: list[str]) -> Iterator[str]:
    for name, reason in known.items():
        if name not in names:
            yield f"no check is called '{name}'{did_you_mean(name, names)}"
        elif not reason.strip():
            yield f"'{name}' has no reason; say in a few words why it fails"
