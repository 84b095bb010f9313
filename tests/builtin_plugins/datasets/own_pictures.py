"""Small pictures of one's own, as a table and as folders of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

ROWS = [
    *(f"{p}_c{c}.png,{p},{c},train" for p in ("ann", "bob") for c in (1, 10)),
    "zoe_c1.png,zoe,1,query",
    "zoe_c10.png,zoe,10,gallery",
    "junk_c1.png,-1,1,gallery",
]


def picture(path: Path, shade: int = 9) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 4, 3), shade, np.uint8)).save(path)


def table(folder: Path, rows: list[str] = ROWS, head: str = "path,pid,camid,split") -> Path:
    """Write a table, and a picture for each of its usual rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for shade, row in enumerate(ROWS):
        picture(folder / row.partition(",")[0], shade)
    (folder / "my.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder / "my.csv"
