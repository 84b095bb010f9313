"""The classes: every outline in two textures, with two parts and in two palettes."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[str, str]

# Every texture and part belongs to three outlines and every palette to four, so that none of
# them tells the outline. Inside parts go to outlines that have a middle to hold them.
FAMILIES: tuple[tuple[str, Pair, Pair, Pair], ...] = (
    ("disc", ("hoops", "dots"), ("legs", "horns"), ("ember", "sea")),
    ("box", ("stripes", "zigzag"), ("window", "handle"), ("moss", "dusk")),
    ("tent", ("checks", "plain"), ("foot", "belt"), ("stone", "sand")),
    ("star", ("slant", "blotches"), ("knob", "window"), ("sea", "moss")),
    ("cross", ("dots", "stripes"), ("belt", "knob"), ("ember", "stone")),
    ("heart", ("plain", "hoops"), ("wings", "foot"), ("dusk", "sand")),
    ("moon", ("zigzag", "checks"), ("horns", "handle"), ("sea", "stone")),
    ("hourglass", ("blotches", "slant"), ("belt", "wings"), ("ember", "moss")),
    ("bottle", ("hoops", "checks"), ("handle", "knob"), ("dusk", "sea")),
    ("tee", ("stripes", "plain"), ("legs", "window"), ("sand", "moss")),
    ("kite", ("dots", "slant"), ("horns", "legs"), ("stone", "dusk")),
    ("arch", ("zigzag", "blotches"), ("wings", "foot"), ("ember", "sand")),
)

# Which texture, part and palette of its two an object has. In the first half any two of the
# three are independent already; the whole is every combination.
VARIANTS = (
    (0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1),
    (1, 1, 1), (0, 0, 1), (0, 1, 0), (1, 0, 0),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A class of objects; ``number`` is its label and part of every seed."""

    number: int
    outline: str
    texture: str
    part: str
    palette: str

    @property
    def name(self) -> str:
        """A name that sorts as the labels do, e.g. ``00-disc-hoops-legs-ember``."""
        return f"{self.number:02d}-{self.outline}-{self.texture}-{self.part}-{self.palette}"


KINDS = tuple(
    Kind(
        number=number,
        outline=outline,
        texture=textures[texture],
        part=parts[part],
        palette=palettes[palette],
    )
    for number, ((texture, part, palette), (outline, textures, parts, palettes)) in enumerate(
        (variant, family) for variant in VARIANTS for family in FAMILIES
    )
)
