"""Classification sets as trees of one folder a class, ImageNet among them."""

from __future__ import annotations

from reidbench.api import DatasetRecord, OnDisk, Place

FOLDERS = ("imagenet", "ImageNet", "ILSVRC2012")

RECORDS = [
    DatasetRecord(
        name="imagenet",
        version="1",  # bump when another image, class or order is read from the same tree
        summary="ImageNet-1k's training images: the source the papers pre-train on.",
        reference="Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, 2015",
        target="reidbench_plugins.datasets.imagefolder.tree:load",
        task="classification",
        disk=OnDisk(
            places=tuple(Place(folder, needs=("train",)) for folder in FOLDERS),
            tree=(
                "imagenet/                        or ImageNet/, or ILSVRC2012/\n"
                "  train/\n"
                "    n01440764/                   a folder for each of the 1000 classes\n"
                "      n01440764_10026.JPEG"
            ),
            origin=(
                "https://image-net.org/download.php, after registration: ILSVRC2012_img_train.tar; "
                "unpack it, then each class's own archive into a folder of its name"
            ),
            licence=(
                "Access is granted to researchers for non-commercial research and education, by "
                "terms to be accepted on registration; the pictures remain their photographers'."
            ),
            ethics=(
                "The pictures were collected from the web without asking the people in them: few "
                "classes are people, but faces appear throughout, and the publishers offer "
                "a version with faces blurred. Of the larger ImageNet that these classes were "
                "chosen from they have withdrawn more than half of the classes of people, because "
                "the labels were offensive: look at what a network learns from such a source."
            ),
            stand_in="synthshapes",
            writer="reidbench_plugins.datasets.imagefolder.writing:write_imagenet",
            training_images=1_281_167,
        ),
    )
]
