"""synthped: procedural pedestrians seen by several cameras, in three domains, from a seed."""

from __future__ import annotations

from reidbench.api import DatasetRecord

RECORDS = [
    DatasetRecord(
        name=name,
        version="1",  # bump when any pixel or any split changes
        summary=summary,
        reference="-",
        target=f"reidbench_plugins.datasets.synthped.dataset:{loader}",
        options={"domain": "a", "seed": 0},
        drawn=True,
    )
    for name, loader, summary in (
        (
            "synthped",
            "load",
            "Drawn pedestrians: 400 + 400 people, 6 cameras; domains a (street), "
            "b (station), c (seaside).",
        ),
        (
            "synthped-crowd",
            "load_crowd",
            "Drawn look-alikes: 400 + 200 people, 6 cameras of a picture or two; the same domains, "
            "with fewer colours, poorer pictures and more distractors.",
        ),
        ("synthped-quick", "load_quick", "The same, smaller: 160 + 100 people, 4 cameras."),
    )
]
