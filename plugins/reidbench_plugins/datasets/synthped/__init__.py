"""synthped: procedural pedestrians seen by several cameras, in three domains, from a seed."""

from __future__ import annotations

from reidbench.api import DatasetRecord

RECORDS = [
    DatasetRecord(
        name=name,
        version=version,  # bump when any pixel or any split changes
        summary=summary,
        reference="-",
        target=f"reidbench_plugins.datasets.synthped.dataset:{loader}",
        options={"domain": "a", "seed": 0, **more},
        drawn=True,
    )
    for name, version, loader, more, summary in (
        (
            "synthped",
            "1",
            "load",
            {},
            "Drawn pedestrians: 400 + 400 people, 6 cameras; domains a (street), "
            "b (station), c (seaside).",
        ),
        (
            "synthped-crowd",
            "2",
            "load_crowd",
            {"people": "test"},
            "Drawn look-alikes: 240 + 200 people, 6 cameras of a picture or two; the same domains, "
            "with fewer colours, poorer pictures and more distractors.",
        ),
        (
            "synthped-quick",
            "1",
            "load_quick",
            {},
            "The same, smaller: 160 + 100 people, 4 cameras.",
        ),
    )
]
