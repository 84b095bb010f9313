"""The folders below the data root in which each data set of photographs is looked for."""

from __future__ import annotations

from collections.abc import Iterable

from reidbench.api import Place

BOXES = ("bounding_box_train", "query", "bounding_box_test")
MAT = "cuhk03_release/cuhk-03.mat"
LISTS = ("list_train.txt", "list_query.txt", "list_gallery.txt")


def _places(folders: Iterable[str], *needs: str) -> tuple[Place, ...]:
    return tuple(Place(folder, needs) for folder in folders)


def protocol_file(boxes: str) -> str:
    """Return the name of the file that splits CUHK03 into 767 and 700 people."""
    return f"cuhk03_new_protocol_config_{boxes}.mat"


def _cuhk03(boxes: str) -> tuple[Place, ...]:
    names = ("cuhk03-np", "CUHK03-NP", "cuhk03_np", "CUHK03_NP", "cuhk03")
    folders = _places([f"{name}/{boxes}" for name in names], *BOXES)
    return folders + _places(["cuhk03", "CUHK03"], MAT, protocol_file(boxes))


MARKET = ("market1501/Market-1501-v15.09.15", "Market-1501-v15.09.15", "Market-1501", "market1501")
DUKE = ("dukemtmc-reid/DukeMTMC-reID", "DukeMTMC-reID", "dukemtmc-reid", "dukemtmcreid")
OCCLUDED_DUKE = ("occluded-duke/Occluded_Duke", "Occluded_Duke", "occluded-duke")
MSMT17_V1 = ("msmt17/MSMT17_V1", "MSMT17_V1", "MSMT17", "msmt17")
MSMT17_V2 = ("msmt17/MSMT17_V2", "MSMT17_V2", "MSMT17", "msmt17")

# The first folder of each is where a stand-in is written.
PLACES: dict[str, tuple[Place, ...]] = {
    "market1501": _places(MARKET, *BOXES),
    "market1501-500k": _places(MARKET, *BOXES, "images"),
    "dukemtmcreid": _places(DUKE, *BOXES),
    "occluded-duke": _places(OCCLUDED_DUKE, *BOXES),
    "cuhk03np-detected": _cuhk03("detected"),
    "cuhk03np-labelled": _cuhk03("labeled"),
    "msmt17-v1": _places(MSMT17_V1, "train", "test", *LISTS),
    "msmt17-v2": _places(MSMT17_V2, "mask_train_v2", "mask_test_v2", *LISTS),
}
