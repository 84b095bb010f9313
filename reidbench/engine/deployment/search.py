"""A look at retrieval: the gallery images nearest to a query, as a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch.nn.functional import normalize

from reidbench.engine.deployment.trial import LoadedTrial
from reidbench.errors import ReidbenchError

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
_IDENTITY = re.compile(r"(-?\d+)_")
RIGHT, WRONG, UNKNOWN, INK, PAPER = "#2a9d3a", "#d1342f", "#9a9a9a", "#222222", "#ffffff"
FRAME, GAP, TEXT, HEIGHT = 4, 6, 16, 160


@dataclass(frozen=True)
class Hit:
    """A gallery image: its distance to the query, and whether it shows the same person.

    ``same`` is None where either identity is unknown.
    """

    file: Path
    distance: float
    same: bool | None


def search(trial: LoadedTrial, query: Path, gallery: Path, top: int = 10) -> list[Hit]:
    """Return the ``top`` images below ``gallery`` nearest to ``query``, the nearest first.

    Distances are the protocol's. The query itself, if it lies in the gallery, is left out.

    Raises:
        ReidbenchError: no image is there, or one cannot be read.

    """
    files = [file for file in images_below(gallery) if not _same_file(file, query)]
    if not files:
        raise ReidbenchError(f"{gallery}: no images ({', '.join(sorted(ENDINGS))}) to search")
    try:
        own, others = trial.embed([query]), trial.embed(files)
    except OSError as error:
        raise ReidbenchError(f"an image cannot be read: {error}") from error
    if trial.protocol.evaluation.metric == "cosine":
        distances = 1 - (normalize(others) @ normalize(own).T).flatten()
    else:
        distances = torch.cdist(others, own).flatten()
    nearest = distances.argsort(stable=True)[:top].tolist()
    person = identity(query)
    return [
        Hit(files[index], float(distances[index]), _match(person, identity(files[index])))
        for index in nearest
    ]


def images_below(folder: Path) -> list[Path]:
    """Return the image files below a folder, sorted; hidden ones left out."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".")
    )


def identity(file: Path) -> str | None:
    """Return who an image shows, by its name as in ``0002_c1s1_000451_03.jpg``; None if unknown."""
    match = _IDENTITY.match(file.name)
    return str(int(match[1])) if match else None


def draw(query: Path, rows: Sequence[tuple[str, Sequence[Hit]]], file: Path) -> None:
    """Write one picture: the query, and a labelled row of hits for each network.

    Frames are green for the same person, red for another, grey where that is unknown.
    """
    first = _thumbnail(query)
    strips = [(label, [(_thumbnail(hit.file), hit) for hit in hits]) for label, hits in rows]
    cell = max(first.width, *(image.width for _, hits in strips for image, _ in hits)) + 2 * FRAME
    columns = 1 + max(len(hits) for _, hits in strips)
    row = TEXT + HEIGHT + 2 * FRAME + TEXT + GAP
    page = Image.new("RGB", (columns * (cell + GAP) + GAP, len(strips) * row + GAP), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default()
    for index, (label, hits) in enumerate(strips):
        top = GAP + index * row
        pen.text((GAP, top), label, INK, font)
        _place(page, first, GAP, top + TEXT, INK, "query")
        for place, (image, hit) in enumerate(hits, start=1):
            colour = {True: RIGHT, False: WRONG, None: UNKNOWN}[hit.same]
            left = GAP + place * (cell + GAP)
            _place(page, image, left, top + TEXT, colour, f"{place}  {hit.distance:.3f}")
    page.save(file)


def _place(
    page: Image.Image, image: Image.Image, left: int, top: int, colour: str, text: str
) -> None:
    pen = ImageDraw.Draw(page)
    right, bottom = left + image.width + 2 * FRAME - 1, top + image.height + 2 * FRAME - 1
    pen.rectangle((left, top, right, bottom), fill=colour)
    page.paste(image, (left + FRAME, top + FRAME))
    pen.text((left, bottom + 2), text, INK, ImageFont.load_default())


def _thumbnail(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    return image.resize((max(1, round(image.width * HEIGHT / image.height)), HEIGHT))


def _match(person: str | None, other: str | None) -> bool | None:
    return None if person is None or other is None else person == other


def _same_file(file: Path, other: Path) -> bool:
    return file.resolve() == other.resolve()
