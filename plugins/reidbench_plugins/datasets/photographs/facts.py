"""What is known of each data set of photographs: paper, terms, folders, published counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reidbench.api import Counts, Place


@dataclass(frozen=True, kw_only=True)
class About:
    """A data set's paper, source and terms, and its ethics: the people in it."""

    reference: str
    origin: str
    licence: str
    ethics: str


MARKET = About(
    reference="Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015",
    origin="Liang Zheng's group, https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html",
    licence="The authors offer it for research and ask to be cited; no licence text is known.",
    ethics=(
        "It shows people on their way past a supermarket of Tsinghua University, who were not "
        "asked. Pass no image on, publish as few as an argument needs, and try to find out "
        "nobody's name."
    ),
)

DUKE = About(
    reference=(
        "Ristani et al., Performance Measures and a Data Set for Multi-Target, Multi-Camera "
        "Tracking, ECCV Workshops 2016; cut and split by Zheng et al., ICCV 2017"
    ),
    origin=(
        "Nobody publishes it any more; what its split was is described at "
        "https://github.com/layumi/DukeMTMC-reID_evaluation"
    ),
    licence="CC BY-NC-SA 4.0 while it was published; its authors offer it no longer.",
    ethics=(
        "Its authors withdrew it in 2019: about 2,000 people were filmed on a campus without "
        "their consent, out of doors, where the approved study plan had foreseen a room. Do not "
        "use it for new work; reidbench reads it so that published results can be checked."
    ),
)

OCCLUDED_DUKE = About(
    reference=(
        "Miao et al., Pose-Guided Feature Alignment for Occluded Person Re-Identification, "
        "ICCV 2019"
    ),
    origin=(
        "Lists of names at https://github.com/lightas/ICCV19_Pose_Guided_Occluded_Person_ReID, "
        "which sort a copy of DukeMTMC-reID anew; the images themselves are withdrawn"
    ),
    licence=DUKE.licence,
    ethics=DUKE.ethics,
)

CUHK03 = About(
    reference=(
        "Li et al., DeepReID, CVPR 2014; split by Zhong et al., Re-ranking Person "
        "Re-identification with k-reciprocal Encoding, CVPR 2017"
    ),
    origin=(
        "https://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html; the new protocol, and the "
        "folders, at https://github.com/zhunzhong07/person-re-ranking (CUHK03-NP)"
    ),
    licence="For research, under the university's rules, which its readme refers to.",
    ethics=(
        "It shows students on their campus; its own readme calls it sensitive and asks users to "
        "respect their privacy. Pass no image on."
    ),
)

MSMT17 = About(
    reference=(
        "Wei et al., Person Transfer GAN to Bridge Domain Gap for Person Re-Identification, "
        "CVPR 2018"
    ),
    origin=(
        "From its authors on request; their page, "
        "http://www.pkuvmc.com/publications/msmt17.html, is gone"
    ),
    licence="On the terms that its authors send with a copy; no public licence text is known.",
    ethics=(
        "It shows thousands of people on a campus who were not asked. V2 blurs their faces: "
        "prefer it unless a published result has to be met exactly, and pass no image on."
    ),
)

PKU_REID = About(
    reference=(
        "Ma et al., Orientation Driven Bag of Appearances for Person Re-identification, "
        "arXiv 1605.02464, 2016"
    ),
    origin="Its authors, https://github.com/charliememory/PKU-Reid-Dataset",
    licence="CC BY-NC-SA 4.0: not for commercial use.",
    ethics=(
        "Nothing is stated of the consent of the people shown. Pass no image on and show nobody's "
        "face. Of copies around, one holds 74 of the 114 people: accept it with 'complete: false', "
        "and its rows say that it is incomplete."
    ),
)

VERI = About(
    reference=(
        "Liu et al., A Deep Learning-Based Approach to Progressive Vehicle Re-identification for "
        "Urban Surveillance, ECCV 2016"
    ),
    origin="From its authors on request, https://vehiclereid.github.io/VeRi/",
    licence="For research, on the terms that its authors send with a copy.",
    ethics=(
        "It shows vehicles in a city's traffic, and the authors labelled their plates: a vehicle "
        "leads to its driver. Pass no image on, and show no plate that can be read."
    ),
)

VIPER = About(
    reference=(
        "Gray et al., Evaluating Appearance Models for Recognition, Reacquisition, and Tracking, "
        "PETS 2007"
    ),
    origin="Its authors at UC Santa Cruz, https://vision.soe.ucsc.edu/node/178",
    licence="No licence text is known; the authors ask to be cited.",
    ethics=(
        "It shows passers-by out of doors, of whose consent nothing is stated. Pass no image on, "
        "and publish as few as an argument needs."
    ),
)

OCCLUDED_REID = About(
    reference="Zhuo et al., Occluded Person Re-identification, ICME 2018",
    origin=(
        "Its authors, "
        "https://github.com/tinajia2012/ICME2018_Occluded-Person-Reidentification_datasets"
    ),
    licence="For non-commercial purposes, under the user agreement that lies there.",
    ethics=(
        "It shows people on a campus, of whose consent nothing is stated. Pass no image on, and "
        "publish as few as an argument needs."
    ),
)


BOXES = ("bounding_box_train", "query", "bounding_box_test")
VERI_BOXES = ("image_train", "image_query", "image_test")
OCCLUDED, WHOLE = "occluded_body_images", "whole_body_images"
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


def _msmt17(version: str, train: str, test: str) -> tuple[Place, ...]:
    """Return where a version may lie: unpacked, unpacked in a folder of its name, or as its zip."""
    folders = [f"msmt17/{version}", version, "MSMT17", "msmt17"]
    nested = [f"msmt17/{version}/{version}", f"{version}/{version}"]
    unpacked = _places([*folders, *nested], train, test, *LISTS)
    return unpacked + _places(["msmt17", "."], archive_of(version))


def archive_of(version: str) -> str:
    """Return the name of the archive that a version of MSMT17 comes in."""
    return f"{version}.zip"


MARKET_FOLDERS = (
    "market1501/Market-1501-v15.09.15",
    "Market-1501-v15.09.15",
    "Market-1501",
    "market1501",
)
DUKE_FOLDERS = ("dukemtmc-reid/DukeMTMC-reID", "DukeMTMC-reID", "dukemtmc-reid", "dukemtmcreid")
OCCLUDED_DUKE_FOLDERS = ("occluded-duke/Occluded_Duke", "Occluded_Duke", "occluded-duke")
VERI_FOLDERS = ("veri-776/VeRi", "veri-776", "VeRi", "VeRi-776", "veri", "VeRi776")
VIPER_FOLDERS = ("viper/VIPeR", "VIPeR", "viper", "VIPeR.v1.0/VIPeR")
OCCLUDED_REID_FOLDERS = (
    "occluded-reid/Occluded_REID",
    "Occluded_REID",
    "occluded-reid",
    "Occluded_ReID",
    "OccludedREID",
)
PKU_REID_FOLDERS = ("pku-reid/images", "pku-reid/PKUv1a_128x48", "PKUv1a_128x48")

# The first folder of each is where a stand-in is written.
PLACES: dict[str, tuple[Place, ...]] = {
    "market1501": _places(MARKET_FOLDERS, *BOXES),
    "market1501-500k": _places(MARKET_FOLDERS, *BOXES, "images"),
    "dukemtmcreid": _places(DUKE_FOLDERS, *BOXES),
    "occluded-duke": _places(OCCLUDED_DUKE_FOLDERS, *BOXES),
    "cuhk03np-detected": _cuhk03("detected"),
    "cuhk03np-labelled": _cuhk03("labeled"),
    "msmt17-v1": _msmt17("MSMT17_V1", "train", "test"),
    "msmt17-v2": _msmt17("MSMT17_V2", "mask_train_v2", "mask_test_v2"),
    "veri-776": _places(VERI_FOLDERS, *VERI_BOXES),
    "viper": _places(VIPER_FOLDERS, "cam_a", "cam_b"),
    "occluded-reid": _places(OCCLUDED_REID_FOLDERS, OCCLUDED, WHOLE),
    # A person of both its known copies.
    "pku-reid": _places(PKU_REID_FOLDERS, "001_01_1.png"),
}


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
        "pku-reid": (57, 912, 57, 114, 798, 2),
        "veri-776": (576, 37_778, 200, 1_678, 11_579, 20),
        "viper": (316, 632, 316, 316, 316, 2),
        "occluded-reid": (0, 0, 200, 1_000, 1_000, 2),
    }.items()
}
