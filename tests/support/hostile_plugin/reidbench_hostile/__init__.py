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
MAKING = ("segfaults", "leaves", "kills", "loops", "wanders")
"""What components do before the first phase: as they are made, loaded, or read from first."""


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare one method for each way to harm a process, and some that cannot be imported."""
    names = {f"h-{kind}": f"methods:{kind.title()}" for kind in METHODS}
    names |= {f"h-import-{kind}": f"import_{kind}:Thing" for kind in IMPORTS[:2]}
    names |= {f"h-made-{kind}": f"methods:Made{kind.title()}" for kind in MAKING}
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
    """Declare one network for each way to harm training, and to harm the process that makes it."""
    names = {f"h-net-{kind}": ("net", kind) for kind in BACKBONES}
    names["h-net-unmade"] = ("unmade", "unmade")
    names |= {f"h-built-{kind}": ("built", kind) for kind in MAKING}
    names |= {f"h-traced-{kind}": ("traced", kind) for kind in MAKING}
    names |= {f"h-loaded-{kind}": ("loaded", kind) for kind in MAKING}
    return [
        BackboneRecord(
            name=name,
            version="1",
            summary="Breaks.",
            reference="-",
            target=f"reidbench_hostile.networks:{function}",
            options={"fault": fault},
            loader="reidbench_hostile.networks:load",
        )
        for name, (function, fault) in names.items()
    ]


@hookimpl
def reidbench_datasets() -> list[DatasetRecord]:
    """Declare one data set for each way to harm decoding, and one that cannot be loaded."""
    return [
        DatasetRecord(
            name=f"h-{where}-{kind}",
            version="1",
            summary="Breaks.",
            reference="-",
            target="reidbench_hostile.data:load",
            options={"fault": kind, "index": index},
            drawn=True,
        )
        for where, index, kinds in (("data", 7, (*DATASETS, "unloaded")), ("first", 0, MAKING))
        for kind in kinds
    ]
