"""A picture of the data set: one row a person, two pictures by each camera, all domains."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from reidbench_plugins.datasets.synthped.canvas import HEIGHT, WIDTH
from reidbench_plugins.datasets.synthped.domain import DOMAINS, Domain
from reidbench_plugins.datasets.synthped.picture import draw_picture

CAMERAS, SHOTS = 4, 2
GAP, GUTTER, MARGIN, TITLE, LABEL = 2, 8, 14, 44, 20
INK, FAINT, PAPER = (32, 34, 38), (110, 114, 120), (250, 250, 248)
CAPTIONS = {"a": "a: street", "b": "b: station", "c": "c: seaside"}


def contact_sheet(*, people: int = 5, seed: int = 0, first: int = 1) -> Image.Image:
    """Return the sheet: the three domains side by side, ``people`` rows from pid ``first``."""
    block = CAMERAS * (SHOTS * (WIDTH + GAP) + GUTTER)
    width = 2 * MARGIN + len(DOMAINS) * block + (len(DOMAINS) - 1) * 2 * GUTTER
    top = TITLE + LABEL * 2
    sheet = Image.new("RGB", (width, top + people * (HEIGHT + GAP) + MARGIN), PAPER)
    draw = ImageDraw.Draw(sheet)
    title = "synthped: drawn pedestrians. A row is a person, a pair of pictures a camera."
    draw.text((MARGIN, 14), title, fill=INK, font=_font(18))
    for column, domain in enumerate(DOMAINS.values()):
        left = MARGIN + column * (block + 2 * GUTTER)
        draw.text((left, TITLE), CAPTIONS[domain.name], fill=INK, font=_font(15))
        _block(sheet, domain, (left, top), range(first, first + people), seed)
    return sheet


def save_contact_sheet(path: Path | str) -> Path:
    """Draw the sheet and save it in the format that the path's suffix names."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet().save(target)
    return target


def _block(
    sheet: Image.Image, domain: Domain, corner: tuple[int, int], pids: range, seed: int
) -> None:
    left, top = corner
    draw = ImageDraw.Draw(sheet)
    for camid in range(CAMERAS):
        x = left + camid * (SHOTS * (WIDTH + GAP) + GUTTER)
        draw.text((x, top - LABEL + 3), f"camera {camid + 1}", fill=FAINT, font=_font(12))
        for row, pid in enumerate(pids):
            for index in range(SHOTS):
                picture = Image.fromarray(draw_picture(domain, seed, pid, camid, index))
                sheet.paste(picture, (x + index * (WIDTH + GAP), top + row * (HEIGHT + GAP)))


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
