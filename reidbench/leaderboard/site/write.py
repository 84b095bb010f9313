"""Writes the site: suite after suite, then the pages that join them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import chain
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from reidbench.config.protocol import load_protocol, locked
from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.leaderboard.figures import Figure, claim_figures, table_figures
from reidbench.leaderboard.figures.figure import inline
from reidbench.leaderboard.figures.look import DARK_STYLE
from reidbench.leaderboard.figures.of_table import of_setting
from reidbench.leaderboard.figures.pdf import to_pdf
from reidbench.leaderboard.model import Leaderboard, Origin
from reidbench.leaderboard.render import claim_columns, latency_columns
from reidbench.leaderboard.render.csv_file import claims_to_csv, to_csv
from reidbench.leaderboard.render.latex import to_latex
from reidbench.leaderboard.render.page import title
from reidbench.leaderboard.site import board_rows, trial_page
from reidbench.leaderboard.site.board_rows import BoardRow, BoardSection, board_sections
from reidbench.leaderboard.site.method_text import MethodText
from reidbench.leaderboard.site.names import file_stem
from reidbench.leaderboard.site.on_demand import latency_columns as timed
from reidbench.leaderboard.site.published import Published, read_published, result_folders
from reidbench.leaderboard.site.trial_curves import training
from reidbench.leaderboard.states import FolderState
from reidbench.results import curves_of

PACKAGE = "reidbench.leaderboard.site"
MARK = ".reidbench-site"
"""A file that says that a folder is a site, and may be replaced by a newer one."""


class SiteError(ReidbenchError):
    """A site that cannot be made, or must not be written where it was asked for."""


class _Site:
    """A folder, and the templates of the pages that go into it."""

    def __init__(self, folder: Path, methods: Mapping[str, MethodText]) -> None:
        self.folder, self.methods = folder, methods
        self.families = {name: it.family for name, it in methods.items()}
        self.templates = Environment(
            loader=PackageLoader(PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self.templates.filters.update(
            stem=file_stem, inline=lambda it: Markup(inline(it)), timed=timed
        )
        self.templates.globals.update(
            first=board_rows.FIRST, more_headings=board_rows.MORE_HEADINGS, zip=zip
        )

    def page(self, path: str, template: str, **content: object) -> None:
        """Write a page; its links begin at the top of the site, ``up``."""
        up = "../" * path.count("/")
        text = self.templates.get_template(template).render(up=up, **content)
        self.file(path, text)

    def file(self, path: str, content: str | bytes) -> None:
        """Write a file."""
        write_atomically(self.folder / path, content)


def write_site(
    source: Path,
    folder: Path,
    methods: Iterable[MethodText] = (),
    state_of: Callable[[Path], FolderState] = lambda _: FolderState(),
    about_of: Callable[[Path], Mapping[str, str]] = lambda _: {},
) -> int:
    """Write the site of all results below ``source`` to ``folder``; return how many pages.

    ``state_of`` says what became of a folder: how far others have checked its results; ``about_of``
    who sent them, by what each text is.
    The same results give the same bytes. A site that is there already is replaced.

    Raises:
        SiteError: there are no results, or ``folder`` holds something that is not a site.
    """
    if not source.is_dir() or not (folders := result_folders(source)):
        raise SiteError(
            f"{source}: no results here, nor in a folder in it; give a folder of result files, or "
            "one that holds such folders, as leaderboard/ does"
        )
    _make_room(folder)
    site = _Site(folder, {it.name: it for it in methods})
    for name in ("site.css", "site.js"):
        site.file(name, (files(PACKAGE) / "static" / name).read_text(encoding="utf-8"))
    suites = [
        _suite(site, read_published(path, state_of(path)), about_of(path)) for path in folders
    ]
    sections = list(chain.from_iterable(suites))
    _methods(site, sections)
    _settings(site, sections)
    _front(site, sections)
    return sum(1 for _ in folder.rglob("*.html"))


def _front(site: _Site, sections: Sequence[BoardSection]) -> None:
    """Write the front page: the answer, and every table."""
    halves = _halves(sections)
    main = halves[0] if halves else None
    # Where the answer is of photographs, the best that drawn data say stands below it.
    drawn = next((it for it in halves if it.table.setting.drawn and it is not main), None)
    if main and main.table.setting.drawn:
        drawn = None
    # What the answer speaks of comes first in the table too, what was set aside last.
    suite = main and main.suite
    sections = sorted(sections, key=lambda it: (it.state.is_set_aside, it.suite != suite))
    picture = main and (site.folder / "figures" / f"{_main_figure(main)}.svg")
    site.page(
        "index.html",
        "index.html",
        sections=sections,
        main=main,
        drawn=drawn,
        others=[it for it in halves if it not in (main, drawn)],
        picture=Markup(_inlined(picture)) if picture and picture.is_file() else "",
        picture_name=_main_figure(main) if main else "",
        suites=list(dict.fromkeys(it.suite for it in sections)),
        options=_options(sections),
    )


def _make_room(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if not (folder / MARK).is_file():
            raise SiteError(
                f"{folder}: holds something that is no site of results, and nothing is overwritten;"
                " give another folder, or empty it"
            )
        shutil.rmtree(folder)
    write_atomically(folder / MARK, "written by reidbench site\n")


def _inlined(picture: Path) -> str:
    return picture.read_text(encoding="utf-8").replace(DARK_STYLE, "")


def _suite(site: _Site, published: Published, about: Mapping[str, str]) -> list[BoardSection]:
    """Write all pages of a suite; return its sections, which hold no query."""
    sections, stem = board_sections(published, site.families), file_stem(published.name)
    figures = list(_figures(site, published, stem))
    for figure in figures:
        site.file(f"figures/{figure.name}.svg", figure.svg)
        site.file(f"figures/{figure.name}.pdf", to_pdf(figure))
        site.file(f"figures/{figure.name}.vl.json", figure.spec)
    site.file(f"tables/{stem}.csv", to_csv(published.board))
    if published.board.claims:
        site.file(f"tables/{stem}-claims.csv", claims_to_csv(published.board))
    site.page(
        f"suites/{stem}.html",
        "suite.html",
        suite=published.name,
        suite_stem=stem,
        state=published.state,
        about=about,
        sections=sections,
        tables=list(_latex(site, published.board, stem)),
        latency=published.board.latency and latency_columns.legend(published.board.latency),
        figures=figures,
        claims=[
            (
                it.claim.name, it.standing, claim_columns.sentence(it),
                claim_columns.outcome(it), claim_columns.basis(it),
            )
            for it in published.board.claims
        ],
        origins=[vars(it) for it in published.board.origins],
        origin_names=list(Origin.__dataclass_fields__),
        options=_options(sections),
    )  # fmt: skip
    for result in published.results:
        document = result.provenance
        site.page(
            f"trials/{stem}/{file_stem(result.key)}.html",
            "trial.html",
            it=result,
            suite=published.name,
            suite_stem=stem,
            state=published.state,
            again=published.again(result.key) if result.status == "done" else "",
            metrics=trial_page.metrics(result),
            counts=trial_page.histogram(result),
            training=training(list(curves_of(result, published.curves))),
            provenance=list(trial_page.facts(document)),
        )
    return sections


def _latex(site: _Site, board: Leaderboard, stem: str) -> Iterator[tuple[str, str]]:
    """Write each table as LaTeX; yield what it is of, and its file."""
    for number, table in enumerate(board.tables):
        path = f"tables/{stem}-t{number}.tex"
        site.file(path, to_latex(replace(board, tables=(table,))))
        yield f"{title(table.setting)}, {table.setting.protocol}", path


def _figures(site: _Site, published: Published, stem: str) -> Iterator[Figure]:
    for number, table in enumerate(published.board.tables):
        own = of_setting(table.setting, published.results)
        latency = published.board.latency
        yield from table_figures(f"{stem}-t{number}", table, own, site.families, latency)
    yield from claim_figures(stem, published.name, published.board.claims)


def _methods(site: _Site, sections: Sequence[BoardSection]) -> None:
    """Write a page a method: its card, where it has one, and its rows."""
    rows: dict[str, list[tuple[BoardSection, BoardRow]]] = defaultdict(list)
    for section in sections:
        for row in section.rows:
            if (
                row.row is not section.section.reference
                or section.section is section.table.sections[0]
            ):
                rows[row.row.method].append((section, row))
    # Without raw HTML: what a plugin's docstring holds is text.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    names = sorted({*rows, *site.methods})
    for name in names:
        text = site.methods.get(name)
        card = markdown.render(text.markdown) if text else ""
        card = card.replace('href="README.md#', 'href="index.html#').replace(
            "<table>", '<table class="plain">'
        )
        site.page(
            f"methods/{file_stem(name)}.html",
            "method.html",
            name=name,
            card=Markup(card),
            rows=rows.get(name, []),
        )
    families: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for name in names:
        text = site.methods.get(name)
        entry = (name, text.summary if text else "", len(rows.get(name, [])))
        families[text.family if text else "other"].append(entry)
    site.page("methods/index.html", "methods.html", families=sorted(families.items()))


def _settings(site: _Site, sections: Sequence[BoardSection]) -> None:
    """Write a page a data set, and one a protocol."""
    data: dict[str, list[BoardSection]] = defaultdict(list)
    protocols: dict[tuple[str, str], list[BoardSection]] = defaultdict(list)
    for it in sections:
        setting = it.table.setting
        for name in filter(None, dict.fromkeys((setting.target, setting.source))):
            data[name].append(it)
        protocols[setting.protocol, setting.protocol_hash].append(it)
    for name, own in data.items():
        site.page(f"data/{file_stem(name)}.html", "setting.html", kind="Data set", name=name,
                  digest="", rules=[], sections=own)  # fmt: skip
    for (name, digest), own in protocols.items():
        rules = (
            trial_page.facts(load_protocol(name).document()) if locked().get(name) == digest else ()
        )
        site.page(f"protocols/{file_stem(name)}.html", "setting.html", kind="Protocol", name=name,
                  digest=digest, rules=list(rules), sections=own)  # fmt: skip


def _halves(sections: Sequence[BoardSection]) -> list[BoardSection]:
    """Return the ranked sections at half the MACs: photographs first, then what converged."""
    halves = [it for it in sections if it.section.reduction == 0.5 and it.ranked]

    def weight(it: BoardSection) -> tuple[bool, bool, int, int, int]:
        seeds = max(row.row.seeds_done for row in it.ranked)
        queries = it.table.valid_queries or 0
        return it.table.setting.drawn, bool(it.caveat), -queries, -seeds, -it.methods

    return sorted(halves, key=weight)


def _main_figure(section: BoardSection) -> str:
    number = section.anchor.split("-")[0]
    return f"{file_stem(section.suite)}-{number}-{section.reduction}-map".replace(".", "_")


def _options(sections: Sequence[BoardSection]) -> Mapping[str, list[str]]:
    """Return what can be chosen in each filter."""
    rows = [row for section in sections for row in section.rows]
    return {
        "data": sorted({it.data for it in sections}),
        "reduction": sorted({it.reduction for it in sections}, key=float),
        "family": sorted({it.family for it in rows}),
        "strategy": sorted({it.row.strategy for it in rows}),
        "allocation": sorted({it.row.allocation for it in rows}),
    }
