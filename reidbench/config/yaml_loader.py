"""Reads YAML scalars as people write them: numbers by YAML 1.2, not by 1.1."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import yaml

# YAML 1.1 takes 1e-5 for text, 010 for 8, 1:30 for 90 and needs the sign in 1.0e+5.
_INT = re.compile(r"[-+]?[0-9][0-9_]*")
_WHOLE = re.compile(r"[-+]?[0-9][0-9_]*[eE]\+?[0-9]{1,3}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
_NUMBER = re.compile(f"(?:{_FLOAT.pattern})$")
_TAG = "tag:reidbench,2026:number"
_REPLACED = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class Loader(yaml.SafeLoader):
    """YAML's safe loader, but for its numbers: ``1e-5`` is one, ``010`` is ten, ``.nan`` text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and place that yaml looks it up by
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _number(loader: Loader, node: yaml.ScalarNode) -> Any:
    text = node.value.replace("_", "")
    try:
        if _INT.fullmatch(text):
            return int(text)
        if not isfinite(value := float(text)):
            raise ValueError
        # 1e3 is the whole number that a person means; 1.0e3 may be either, and stays as it is.
        return int(value) if _WHOLE.fullmatch(text) and abs(value) < 1e15 else value
    except ValueError as error:
        raise yaml.constructor.ConstructorError(
            None, None, "a number that is too large", node.start_mark
        ) from error


Loader.add_implicit_resolver(_TAG, _NUMBER, list("-+.0123456789"))
Loader.add_constructor(_TAG, _number)


def scalar(text: str) -> Any:
    """Return what a value of a suite would be that is written as ``text``; no YAML is text."""
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError):
        return text
