"""What the site is told of a method, which results do not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MethodText:
    """A method's card: ``markdown`` is its whole page, ``family`` the group of its colour."""

    name: str
    family: str
    summary: str
    markdown: str
