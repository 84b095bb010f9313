"""A third party's plugin, small enough to run a whole suite in a second."""

from __future__ import annotations

from reidbench.api import (
    BackboneRecord,
    DatasetRecord,
    MethodRecord,
    OnDisk,
    Place,
    hookimpl,
)


@hookimpl
def reidbench_methods() -> list[MethodRecord]:
    """Declare one sound method, with options, and one for each way to go wrong."""
    return [
        MethodRecord(
            name=f"tiny-{kind}",
            version="1",
            summary=summary,
            reference="-",
            target=f"reidbench_tiny.methods:{kind.title()}",
            options={"power": 1.0} if kind == "norm" else {},
            strategy="own" if kind in ("explodes", "idle") else "one-shot",
        )
        for kind, summary in (
            ("norm", "Removes the filters with the smallest norm."),
            ("raises", "Raises while it scores."),
            ("exits", "Ends the whole process while it scores."),
            ("nan", "Scores one channel as not a number."),
            ("explodes", "Multiplies the weights until the loss is not finite."),
            ("idle", "Cuts, and spends no step of its budget."),
        )
    ]


@hookimpl
def reidbench_backbones() -> list[BackboneRecord]:
    """Declare a residual network of two blocks."""
    return [
        BackboneRecord(
            name="tinynet",
            version="1",
            summary="Two residual blocks, embedding of 16.",
            reference="-",
            target="reidbench_tiny.network:tinynet",
            options={"width": 96},
            loader="reidbench_tiny.network:load_weights",
        )
    ]


@hookimpl
def reidbench_datasets() -> list[DatasetRecord]:
    """Declare coloured blobs, drawn, and as files that a user must bring."""
    return [
        DatasetRecord(
            name="tiny",
            version="1",
            summary="Coloured blobs: 12 + 6 identities, 2 cameras.",
            reference="-",
            target="reidbench_tiny.data:load",
            options={"palette": 0},
            drawn=True,
        ),
        DatasetRecord(
            name="tiny-classes",
            version="1",
            summary="Coloured blobs to classify: 8 classes of 16 images.",
            reference="-",
            target="reidbench_tiny.data:load_classes",
            task="classification",
            drawn=True,
        ),
        DatasetRecord(
            name="tiny-disk",
            version="1",
            summary="Coloured blobs as files: 12 + 6 identities, 2 cameras.",
            reference="Blob et al., 2024",
            target="reidbench_tiny.disk:load",
            options={"upside_down": False},
            disk=OnDisk(
                places=(
                    Place("tiny-disk", ("train", "query", "gallery")),
                    Place("TinyDisk", ("train", "query", "gallery")),
                ),
                tree="tiny-disk/\n  train/    96 images\n  query/    12\n  gallery/  24",
                origin="https://example.org/blobs, on request.",
                licence="Research only.",
                ethics="The blobs were not asked.",
                stand_in="tiny",
                writer="reidbench_tiny.disk:write",
            ),
        ),
    ]
