"""synthshapes: drawn objects to classify, a stand-in for a large source, from a seed."""

from __future__ import annotations

from reidbench.api import DatasetRecord

RECORDS = [
    DatasetRecord(
        name=name,
        version="1",  # bump when any pixel, class or name changes
        summary=summary,
        reference="-",
        target=f"reidbench_plugins.datasets.synthshapes.dataset:{loader}",
        options={"seed": 0},
        task="classification",
        drawn=True,
    )
    for name, loader, summary in (
        (
            "synthshapes",
            "load",
            "Drawn objects: 96 classes of outline, texture, part and palette, 100 images of each.",
        ),
        ("synthshapes-quick", "load_quick", "The same, smaller: 48 classes, 40 images of each."),
    )
]
