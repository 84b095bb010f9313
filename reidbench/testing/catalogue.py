"""The checks of any component: a method, a backbone or a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reidbench.api.records import BackboneRecord, DatasetRecord, MethodRecord, Record
from reidbench.errors import ReidbenchError
from reidbench.plugins import discover
from reidbench.testing.all_checks import method_checks
from reidbench.testing.backbones.all_checks import backbone_checks
from reidbench.testing.check import Check
from reidbench.testing.datasets.all_checks import dataset_checks

_CHECKS: dict[type[Record], Callable[..., Iterator[Check]]] = {
    MethodRecord: method_checks,
    BackboneRecord: backbone_checks,
    DatasetRecord: dataset_checks,
}


def checks(component: Record | str, **settings: Any) -> Iterator[Check]:
    """Return the checks of a component, to be run one by one; nothing runs before that.

    ``component`` is a record, or its name, which is looked up among the installed plugins.
    ``settings`` are those of ``method_checks``, ``backbone_checks`` or ``dataset_checks``.

    Raises:
        ReidbenchError: a name that no plugin declares, or that is of several kinds.
        TypeError: a setting that checks of its kind do not take.

    """
    record = component if isinstance(component, Record) else _named(component)
    return _CHECKS[type(record)](record, **settings)


def _named(name: str) -> Record:
    found = discover().named(name)
    if len(found) > 1:
        kinds = ", ".join(type(one.record).__name__ for one in found)
        raise ReidbenchError(f"'{name}' is the name of several components ({kinds}); give a record")
    record: Record = found[0].record
    return record
