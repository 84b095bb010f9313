"""What the sentences of errors say, and what errors that are kept hold."""

from __future__ import annotations

import weakref

import pytest

from reidbench.errors import ReidbenchError, forget_variables


class Network:
    """Something large."""


def test_an_error_that_is_kept_lets_go_of_what_it_has_passed() -> None:
    held: list[weakref.ref[Network]] = []

    def cause() -> None:
        network = Network()
        held.append(weakref.ref(network))
        raise ValueError("no such layer")

    def fail() -> None:
        network = Network()
        held.append(weakref.ref(network))
        try:
            cause()
        except ValueError as error:
            raise ReidbenchError("it cannot be loaded") from error

    with pytest.raises(ReidbenchError) as caught:
        fail()
    assert all(one() is not None for one in held), "nothing is held here, and nothing tested"
    forget_variables(caught.value)
    assert [one() for one in held] == [None, None]


def test_an_error_that_is_its_own_cause_has_an_end() -> None:
    error = ReidbenchError("again")
    error.__cause__ = error
    forget_variables(error)
