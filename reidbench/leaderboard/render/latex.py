r"""A leaderboard as LaTeX tables, for ``\usepackage{booktabs,siunitx}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reidbench.leaderboard.model import Leaderboard, Row, Section, Table
from reidbench.leaderboard.render import page
from reidbench.leaderboard.render.columns import NOTHING, Column
from reidbench.leaderboard.render.row_columns import MAIN_COLUMNS, PAGE_COLUMNS
from reidbench.leaderboard.splits import is_pooled

CELL = re.compile(
    r"(?P<number>[+-]?\d+(?:\.\d+)?)(?: ± (?P<sd>[\d.]+))?(?: (?P<ends>[\[(].*[\])]))?"
)
"""A cell that is a number, with its deviation or its interval."""
PREAMBLE = (
    r"""% \usepackage{booktabs,siunitx} \sisetup{detect-weight=true,retain-explicit-plus=true}"""
)
_SPECIAL = {
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "Δ": r"$\Delta$",
    "→": r"$\rightarrow$",
    "·": r"$\cdot$",
}


def to_latex(leaderboard: Leaderboard, columns: Sequence[str] = MAIN_COLUMNS) -> str:
    """Write a ``table`` for each table; every row that may be best is bold."""
    shown = [column for column in PAGE_COLUMNS if column.name in columns]
    tables = ("\n".join(_table(table, shown)) for table in leaderboard.tables)
    return "\n\n".join([PREAMBLE, *tables]) + "\n"


def escaped(text: str) -> str:
    """Write text so that LaTeX prints it; what pdfLaTeX has no letter for becomes ``?``."""
    return "".join(map(_escaped, text))


def _escaped(sign: str) -> str:
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    if sign.isspace():
        return " "
    latin = sign.isascii() or "\xc0" <= sign <= "\xff"
    return sign if sign.isprintable() and latin else "?"


@dataclass(frozen=True)
class _Printed:
    """A column as its parts: numbers in ``S`` columns, beside them deviations or intervals."""

    heading: str
    cells: list[re.Match[str] | None]
    texts: list[str]

    @property
    def head(self) -> str:
        deviation = " ±" if "sd" in self.parts else ""
        return rf"\multicolumn{{{len(self.parts)}}}{{c}}{{{escaped(self.heading + deviation)}}}"

    @property
    def parts(self) -> list[str]:
        found = [cell for cell in self.cells if cell]
        names = ["number", *(it for it in ("sd", "ends") if any(cell[it] for cell in found))]
        return names if found else ["text"]

    def specification(self, part: str) -> str:
        if part in ("text", "ends"):
            return "l"
        numbers = [cell[part] for cell in self.cells if cell and cell[part]]
        before = max(len(it.lstrip("+-").split(".")[0]) for it in numbers)
        after = max(len(it.partition(".")[2]) for it in numbers)
        sign = "+" if any(it[0] in "+-" for it in numbers) else ""
        space = r"@{\hspace{0.5em}}" if part == "sd" else ""
        return f"{space}S[table-format={sign}{before}.{after}]"

    def values(self, line: int, bold: bool) -> Iterator[str]:
        cell, text = self.cells[line], self.texts[line]
        for part in self.parts:
            if part == "text" or not cell:
                yield f"{{{escaped(text if part in ('text', 'number') else '')}}}"
            elif part == "ends":
                yield f"{{{escaped(cell[part] or '')}}}"
            elif cell[part]:
                yield rf"\bfseries {cell[part]}" if bold and part == "number" else cell[part]
            else:
                yield "{}" if part == "sd" else f"{{{NOTHING}}}"


def _table(table: Table, columns: Sequence[Column[Row]]) -> Iterator[str]:
    placed = [(section, row) for _, section in page.blocks(table) for row in section.all_rows]
    printed = [_printed(column, [row for _, row in placed]) for column in columns]
    specification = [it.specification(part) for it in printed for part in it.parts]
    heads = [it.head for it in printed]
    yield r"\begin{table}"
    yield r"\centering"
    yield rf"\caption{{{_caption(table)}}}"
    yield rf"\begin{{tabular}}{{ll{' '.join(specification)}}}"
    yield r"\toprule"
    yield rf"{' & '.join(['Rank', 'Method', *heads])} \\"
    line = 0
    for heading, section in page.blocks(table):
        yield r"\midrule"
        yield rf"\multicolumn{{{2 + len(specification)}}}{{l}}{{\emph{{{escaped(heading)}}}}} \\"
        for row in section.all_rows:
            yield _line(section, row, printed, line)
            line += 1
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield r"\end{table}"


def _printed(column: Column[Row], rows: Sequence[Row]) -> _Printed:
    texts = [column.cell(row) for row in rows]
    return _Printed(column.heading, [CELL.fullmatch(text) for text in texts], texts)


def _line(section: Section, row: Row, printed: Sequence[_Printed], line: int) -> str:
    bold = page.may_be_best(row)
    names = [page.rank(section, row), " ".join([row.label, *page.flags(row)])]
    words = [rf"\textbf{{{escaped(it)}}}" if bold else escaped(it) for it in names]
    values = [value for it in printed for value in it.values(line, bold)]
    return rf"{' & '.join([*words, *values])} \\"


def _caption(table: Table) -> str:
    setting = table.setting
    seeds = sorted({row.seeds for row in table.unique_rows})
    number = "-".join(map(str, dict.fromkeys((seeds[0], seeds[-1])))) if seeds else "no"
    pooled = is_pooled(setting.target)
    others = "splits of the same people" if pooled else "seeds and other test people"
    sentences = [
        f"{page.title(setting)}: protocol {setting.protocol} ({setting.protocol_hash[:12]})"
        f"{', ' + page.queries(table) if page.queries(table) else ''}.",
        f"Mean over {number} seed{'' if number == '1' else 's'} ± sample standard deviation "
        "over seeds.",
        "Δ mAP: difference to the dense network in points, with the 95 % t interval of what other "
        f"{others} would give (paired; variances shrunken to the table's); in "
        "round brackets over people alone, of one seed.",
        "Rank: every rank that a row may have; the rows in bold may be the best.",
    ]
    if setting.drawn:
        sentences.append("The images are drawn by a program.")
    return escaped(" ".join(filter(None, [*sentences, page.caveat(setting)])))
