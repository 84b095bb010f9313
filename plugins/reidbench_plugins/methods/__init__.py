"""The built-in pruning methods, a folder a family and a file a method."""

from reidbench_plugins.methods import (
    controls,
    maps,
    peers,
    progressive,
    reconstruction,
    regularisation,
    search,
    weights,
)

_FAMILIES = (
    controls,
    weights,
    maps,
    reconstruction,
    regularisation,
    progressive,
    search,
    peers,
)

RECORDS = [record for family in _FAMILIES for record in family.RECORDS]
