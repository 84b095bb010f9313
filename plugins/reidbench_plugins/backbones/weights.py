"""Published ImageNet weights: download, and loading of a file into a backbone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, hub, nn

from reidbench.api import WeightsError, load_backbone


@dataclass(frozen=True, kw_only=True)
class Published:
    """Weights of one backbone that its publisher trained on ImageNet-1k.

    Attributes:
        backbone: the backbone's name.
        classifier: the prefix of the classifier's keys, which no backbone has.
        address: where the file is; its name ends in the first digits of its SHA-256.
        by_hand: the address needs a browser, and has no such name.
        also: other words that the backbone's loader knows, for an error to name.
    """

    backbone: str
    classifier: str
    address: str
    by_hand: bool = False
    also: tuple[str, ...] = ()

    def load(self, network: nn.Module, weights: str | Path) -> Tensor | None:
        """Load into ``network``, in place, the published weights or a file in their format.

        ``weights`` is the word ``imagenet``, which downloads them once and checks the hash in the
        file's name, or the path of a file that ``reidbench.api.load_backbone`` reads. Returns the
        classifier's weight (classes, d), None if the file has no single one.

        Raises:
            WeightsError: nothing is loaded then.
        """
        if isinstance(weights, Path):
            file = weights
        elif weights == "imagenet":
            file = self._downloaded()
        else:
            words = ", ".join(f"'{word}'" for word in ("imagenet", *self.also))
            raise WeightsError(
                f"{self.backbone} has no published weights called '{weights}'; use {words}, or "
                "the path of a file"
            )
        return load_backbone(
            network,
            file,
            name=self.backbone,
            classifier=self.classifier,
            format=self.address,
        )

    def _downloaded(self) -> Path:
        """Return the published file in torch's own cache, where torchvision finds it too."""
        if self.by_hand:
            raise WeightsError(
                f"{self.backbone}'s ImageNet weights cannot be downloaded by a program; download "
                f"them from {self.address} and give the path of the file instead of 'imagenet'"
            )
        name = self.address.rpartition("/")[2]
        file = Path(hub.get_dir()) / "checkpoints" / name
        start = name.rpartition("-")[2].partition(".")[0]
        try:
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                hub.download_url_to_file(self.address, str(file), start, progress=False)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        # torch raises a RuntimeError for a download whose hash is another.
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"{self.backbone}'s ImageNet weights cannot be downloaded ({error}); download "
                f"{self.address} elsewhere and give the path of the file instead of 'imagenet'"
            ) from error
        if not digest.startswith(start):
            raise WeightsError(
                f"{file} is not the file that was published at {self.address}: its SHA-256 begins "
                f"with {digest[: len(start)]}; delete it, to have it downloaded again"
            )
        return file
