"""The paper, source, terms and ethics of each data set of photographs."""

from __future__ import annotations

from dataclasses import dataclass


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
