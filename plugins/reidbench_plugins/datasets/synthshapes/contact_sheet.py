"""A picture of the data set: one column an outline, one picture of each of its classes."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from reidbench_plugins.datasets.synthshapes.frame import HEIGHT, WIDTH
from reidbench_plugins.datasets.synthshapes.kinds import FAMILIES, KINDS, Kind
from reidbench_plugins.datasets.synthshapes.picture import draw_picture

COLUMN, CAPTION, MARGIN, TOP = WIDTH + 12, 26, 12, 62
COLOURS = 224  # of the saved file: what keeps noisy pictures small
INK, FAINT, PAPER = (32, 34, 38), (110, 114, 120), (250, 250, 248)


def contact_sheet(*, rows: int = 4, seed: int = 0) -> Image.Image:
    """Return the sheet of the first ``rows`` classes of every outline, 8 at most."""
    columns = len(FAMILIES)
    size = (2 * MARGIN + columns * COLUMN, TOP + rows * (HEIGHT + CAPTION) + MARGIN)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    title = "synthshapes: drawn objects. A class has an outline, a texture, a part and a palette."
    draw.text((MARGIN, 12), title, fill=INK, font=_font(17))
    for column, (outline, *_) in enumerate(FAMILIES):
        draw.text((MARGIN + column * COLUMN, TOP - 20), outline, fill=INK, font=_font(13))
    for kind in KINDS[: rows * columns]:
        row, column = divmod(kind.number, columns)
        _cell(sheet, kind, (MARGIN + column * COLUMN, TOP + row * (HEIGHT + CAPTION)), seed)
    return sheet


def save_contact_sheet(path: Path | str) -> Path:
    """Draw the sheet and save it in the format that the path's suffix names."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet()
    # Clustering all pixels takes a minute; those of a small copy have the same colours.
    palette = sheet.reduce(4).quantize(COLOURS, kmeans=1)
    sheet.quantize(palette=palette, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def _cell(sheet: Image.Image, kind: Kind, corner: tuple[int, int], seed: int) -> None:
    left, top = corner
    sheet.paste(Image.fromarray(draw_picture(kind, seed, 0)), corner)
    draw = ImageDraw.Draw(sheet)
    for line, words in enumerate((f"{kind.texture} {kind.part}", kind.palette)):
        at = (left, top + HEIGHT + 1 + 10 * line)
        draw.text(at, words, fill=FAINT, font=_font(9))


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
