"""The counts that the authors of each data set of photographs publish."""

from __future__ import annotations

from reidbench.api import Counts

_FIELDS = ("train_ids", "train_images", "query_ids", "query_images", "gallery_images", "cameras")

PUBLISHED: dict[str, Counts] = {
    name: Counts(**dict(zip(_FIELDS, counts, strict=True)))
    for name, counts in {
        "market1501": (751, 12_936, 750, 3_368, 15_913, 6),
        "market1501-500k": (751, 12_936, 750, 3_368, 515_913, 7),
        "dukemtmcreid": (702, 16_522, 702, 2_228, 17_661, 8),
        "occluded-duke": (702, 15_618, 519, 2_210, 17_661, 8),
        "cuhk03np-detected": (767, 7_365, 700, 1_400, 5_332, 2),
        "cuhk03np-labelled": (767, 7_368, 700, 1_400, 5_328, 2),
        "msmt17-v1": (1_041, 32_621, 3_060, 11_659, 82_161, 15),
        "msmt17-v2": (1_041, 32_621, 3_060, 11_659, 82_161, 15),
    }.items()
}
