"""Methods that try several cuts and keep the best."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.search"

RECORDS = [
    MethodRecord(
        name="eagleeye",
        version="1",
        summary="Draws random widths, and keeps the cut with the lowest loss before retraining.",
        reference="Li et al., EagleEye, ECCV 2020 (arXiv 2007.02491)",
        target=f"{_HERE}.eagleeye:EagleEye",
        allocation="global",
        data="labels",
        authors_epochs=120,
        authors_schedule="ResNet-50 on ImageNet: 120 epochs at 1e-2 after one cut",
        options={"candidates": 20},
    ),
]
