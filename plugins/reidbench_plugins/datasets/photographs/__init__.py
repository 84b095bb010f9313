"""Photographed re-ID data sets, read from the folders their authors publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reidbench.api import DatasetRecord, OnDisk
from reidbench_plugins.datasets.photographs.facts import (
    CUHK03,
    DUKE,
    MARKET,
    MSMT17,
    OCCLUDED,
    OCCLUDED_DUKE,
    OCCLUDED_REID,
    PKU_REID,
    PLACES,
    PUBLISHED,
    VERI,
    VERI_BOXES,
    VIPER,
    WHOLE,
    About,
    archive_of,
)


def _record(
    name: str,
    loader: str,
    summary: str,
    about: About,
    tree: str,
    *,
    options: Mapping[str, Any] | None = None,
    writer: str = "",
) -> DatasetRecord:
    package, counts = "reidbench_plugins.datasets.photographs", PUBLISHED[name]
    return DatasetRecord(
        name=name,
        version="1",  # bump when any split, identity or camera is read differently
        summary=summary,
        reference=about.reference,
        target=f"{package}.{loader}",
        options=options or {},
        disk=OnDisk(
            places=PLACES[name],
            tree=tree,
            origin=about.origin,
            licence=about.licence,
            ethics=about.ethics,
            stand_in="synthped" if writer else "",
            writer=f"{package}.writing:{writer}" if writer else "",
            training_images=counts.train_images or 0,
            test_images=(counts.query_images or 0) + (counts.gallery_images or 0),
        ),
    )


def _boxes(name: str, example: str, also: str = "") -> str:
    """Return the tree of a set in Market-1501's layout."""
    folders = ("bounding_box_train/", "query/", "bounding_box_test/")
    rows = [f"{PLACES[name][0].folder}/", *(f"  {folder:<20}{example}" for folder in folders)]
    return "\n".join([*rows, *([f"  {also}"] if also else [])])


def _cuhk03(name: str) -> str:
    boxes = PLACES[name][0].folder.rpartition("/")[2]
    return "\n".join(
        [
            _boxes(name, "0001_c1_....png"),
            "or, as first published, with pip install 'reidbench[cuhk03]':",
            "cuhk03/",
            "  cuhk03_release/cuhk-03.mat",
            f"  cuhk03_new_protocol_config_{boxes}.mat",
        ]
    )


def _msmt17(folder: str, train: str, test: str) -> str:
    return "\n".join(
        [
            f"{folder}/",
            f"  {train + '/':<16}0000/0000_000_01_0303morning_0015_0.jpg",
            f"  {test + '/':<16}0000/0000_000_01_0303morning_0006_0.jpg",
            "  list_train.txt, list_val.txt, list_query.txt, list_gallery.txt",
            f"or {archive_of(folder.rpartition('/')[2])} as it is: it is read without unpacking",
        ]
    )


RECORDS: list[DatasetRecord] = [
    _record(
        "market1501",
        "boxes:load_market1501",
        "Market-1501: 751 + 750 people, 6 cameras before a supermarket, with distractors.",
        MARKET,
        _boxes("market1501", "0002_c1s1_000451_03.jpg"),
        writer="write_market1501",
    ),
    _record(
        "market1501-500k",
        "boxes:load_market1501_500k",
        "Market-1501 with half a million distractors in its gallery.",
        MARKET,
        _boxes("market1501-500k", "0002_c1s1_000451_03.jpg", "images/             *.jpg"),
    ),
    _record(
        "dukemtmcreid",
        "boxes:load_dukemtmcreid",
        "DukeMTMC-reID: 702 + 702 people, 8 cameras on a campus; withdrawn by its authors.",
        DUKE,
        _boxes("dukemtmcreid", "0001_c2_f0046182.jpg"),
        writer="write_dukemtmcreid",
    ),
    _record(
        "occluded-duke",
        "boxes:load_occluded_duke",
        "Occluded-DukeMTMC: DukeMTMC-reID split so that every query is occluded.",
        OCCLUDED_DUKE,
        _boxes("occluded-duke", "0001_c2_f0046182.jpg"),
        writer="write_occluded_duke",
    ),
    _record(
        "cuhk03np-detected",
        "cuhk03:load_detected",
        "CUHK03, new protocol: 767 + 700 people, 2 cameras each, boxes cut by a detector.",
        CUHK03,
        _cuhk03("cuhk03np-detected"),
        writer="write_cuhk03np_detected",
    ),
    _record(
        "cuhk03np-labelled",
        "cuhk03:load_labelled",
        "CUHK03, new protocol: 767 + 700 people, 2 cameras each, boxes cut by hand.",
        CUHK03,
        _cuhk03("cuhk03np-labelled"),
        writer="write_cuhk03np_labelled",
    ),
    _record(
        "msmt17-v1",
        "msmt17:load_v1",
        "MSMT17 V1: 1,041 + 3,060 people, 15 cameras; with_val trains on 32,621 images, "
        "else 30,248.",
        MSMT17,
        _msmt17("msmt17/MSMT17_V1", "train", "test"),
        options={"with_val": True},
        writer="write_msmt17_v1",
    ),
    _record(
        "msmt17-v2",
        "msmt17:load_v2",
        "MSMT17 V2: the same images with their faces blurred.",
        MSMT17,
        _msmt17("msmt17/MSMT17_V2", "mask_train_v2", "mask_test_v2"),
        options={"with_val": True},
        writer="write_msmt17_v2",
    ),
    _record(
        "pku-reid",
        "pku_reid:load",
        "PKU-Reid: 114 people, 2 cameras, 8 directions; ten random halves of 57 + 57 people.",
        PKU_REID,
        "pku-reid/images/\n  001_01_1.png        person_camera_direction",
        options={"split": 0},
    ),
    _record(
        "veri-776",
        "boxes:load_veri776",
        "VeRi-776: 576 + 200 vehicles, 20 cameras in a city: the same task, no people.",
        VERI,
        "\n".join(
            [
                f"{PLACES['veri-776'][0].folder}/",
                *(f"  {box + '/':<14}0002_c002_00030600_0.jpg" for box in VERI_BOXES),
            ]
        ),
    ),
    _record(
        "viper",
        "viper:load",
        "VIPeR: 632 people, seen once by each of 2 cameras; ten random halves of 316 + 316 people.",
        VIPER,
        f"{PLACES['viper'][0].folder}/\n"
        "  cam_a/        000_45.bmp        person_angle\n"
        "  cam_b/        000_90.bmp",
        options={"split": 0},
    ),
    _record(
        "occluded-reid",
        "occluded_reid:load",
        "Occluded-ReID: 200 people, occluded queries, a whole gallery; only to measure on.",
        OCCLUDED_REID,
        f"{PLACES['occluded-reid'][0].folder}/\n"
        f"  {OCCLUDED + '/':<24}001/001_01.tif\n"
        f"  {WHOLE + '/':<24}001/001_01.tif",
    ),
]
