"""A plugin whose components harm the process that they run in, or hand over what is wrong."""

from __future__ import annotations

from reidbench.api import BackboneRecord, DatasetRecord, MethodRecord, hookimpl

METHODS = (
    *("exits", "leaves", "segfaults", "kills", "interrupts", "loops", "hogs", "shouts", "forks"),
    *("daemon", "vandal", "infers", "wanders", "mutes", "deafens", "lingers", "patches", "litters"),
    *("reseeds", "misshapes", "nan", "fickle", "everything"),
)
BACKBONES = (
    *("exits", "segfaults", "panics", "nan", "misshapes", "vandal", "ungrateful", "wanders"),
    "fickle",
)
DATASETS = (
    *("floats", "narrow", "exits", "segfaults", "panics", "vandal", "wanders", "lies", "fickle"),
    "missing",
)
IMPORTS = ("exits", "panics", "interrupts")
"""Components that end the import of their module, or their own making."""


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare one method for each way to harm a process, and some that cannot be imported."""
    names = {f"h-{kind}": f"methods:{kind.title()}" for kind in METHODS}
    names |= {f"h-import-{kind}": f"import_{kind}:Thing" for kind in IMPORTS[:2]}
    return [
        MethodRecord(
            name=name,
            version="1",
            summary="Breaks.",
            reference="-",
            target=f"reidbench_hostile.{target}",
        )
        for name, target in names.items()
    ]


@hookimpl
def reidbench_backbones() -> list[BackboneRecord]:
    """Declare one network for each way to harm training, and one that cannot be made."""
    return [
        BackboneRecord(
            name=f"h-net-{kind}",
            version="1",
            summary="Breaks.",
            reference="-",
            target=f"reidbench_hostile.networks:{'net' if kind != 'unmade' else 'unmade'}",
            options={"fault": kind},
        )
        for kind in (*BACKBONES, "unmade")
    ]


@hookimpl
def reidbench_datasets() -> list[DatasetRecord]:
    """Declare one data set for each way to harm decoding, and one that cannot be loaded."""
    return [
        DatasetRecord(
            name=f"h-data-{kind}",
            version="1",
            summary="Breaks.",
            reference="-",
            target="reidbench_hostile.data:load",
            options={"fault": kind},
            drawn=True,
        )
        for kind in (*DATASETS, "unloaded")
    ]
