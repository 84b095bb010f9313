"""A method's card as a Markdown page, and the index of all cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import yaml

from reidbench.cards import labels
from reidbench.cards.card import Card, code_file
from reidbench.cards.markdown_text import bullets, cell, paragraph, prose, table, wrapped


def page(card: Card) -> str:
    """Return a card's page: the method, its cost, its deviations, how to use it."""
    return "\n\n".join(_blocks(card)) + "\n"


def _blocks(card: Card) -> Iterator[str]:
    record = card.record
    yield f"# {record.name}"
    yield paragraph(record.summary)
    yield from _formula(card)
    yield _facts(card)
    yield from _options(card)
    yield from ("## The authors' schedule", _schedule(card))
    yield from ("## Cost", *_cost(card))
    yield "## Deviations from the source"
    yield bullets(card.text.deviations) or "None stated."
    yield from ("## Use it", _suite(card))
    module, name = record.target.split(":")
    yield f"Code: `{code_file(module)}`, `{name}`."
    yield f"`reidbench plugins check {record.name}` checks that it keeps its contract."


def _formula(card: Card) -> Iterator[str]:
    if not card.text.formula:
        yield "> *Its class has no docstring that gives a formula.*"
        return
    yield paragraph(card.text.formula, "> ")
    for text in card.text.paragraphs:
        yield paragraph(text)


def _facts(card: Card) -> str:
    record, family = card.record, card.family
    cuts, about = record.prunes != "nothing", cell(family.sentence)
    facts = {
        "source": "-" if record.reference == "-" else cell(record.reference),
        "family": f"[{family.name}](README.md#{family.name})" + (f": {about}" if about else ""),
        "prunes": "" if record.prunes == "trained" else labels.PRUNES[record.prunes],
        "strategy": f"`{record.strategy}`: {labels.STRATEGY[record.strategy]}" if cuts else "",
        "allocation": (
            f"`{record.allocation}`: {labels.ALLOCATION[record.allocation]}" if cuts else ""
        ),
        "looks at": labels.DATA[record.data] if cuts else "",
        "trains for": "" if record.budget == "epochs" else labels.BUDGET[record.budget],
        "control": "a row for comparison, not a contender" if record.control else "",
        "needs": f"`pip install '{record.needs}'`" if record.needs else "",
        "version": record.version,
    }
    return table(("", ""), [(name, fact) for name, fact in facts.items() if fact])


def _options(card: Card) -> Iterator[str]:
    if card.record.options:
        options = card.record.options.items()
        yield "## Options"
        yield table(
            ("option", "default"), [(f"`{name}`", f"`{_inline(value)}`") for name, value in options]
        )


def _schedule(card: Card) -> str:
    epochs, how = card.record.authors_epochs, card.record.authors_schedule
    theirs, ours = how, labels.OURS[card.record.budget]
    if epochs is not None:
        theirs = f"{epochs:g} epochs" + (f": {how}" if how else "")
        ours = f"{ours} {labels.RESCALED}"
    if not theirs:
        return f"None stated. {ours}"
    return f"{paragraph(f'From the start of pruning on, {theirs}.')}\n\n{wrapped(ours)}"


def _cost(card: Card) -> Iterator[str]:
    cost, name = card.cost, card.record.name
    if cost is None:
        yield f"Not measured yet: `reidbench cards {name} --measure`."
        return
    rows = [
        ("a ranking", labels.seconds(cost.ranking)),
        (labels.whole_cut(cost), labels.seconds(cost.cut)),
    ]
    yield table(("", "seconds"), rows, numbers=1)
    if cost.problem:
        yield paragraph(f"Not measured: {cost.problem}.".replace("..", "."))
    if card.is_stale:
        yield f"**Measured with version {cost.version}; this is version {card.record.version}.**"
    yield wrapped(labels.conditions(cost.setting))


def _suite(card: Card) -> str:
    record = card.record
    lines = ["methods:", f"  - {record.name}"]
    if not record.control:
        first = dict(list(record.options.items())[:1])
        other = "uniform" if record.allocation == "global" else "global"
        entry = {"method": record.name, "options": first, "allocation": other}
        lines.append(f"  - {_inline({key: value for key, value in entry.items() if value})}")
    return "\n".join(["```yaml", *lines, "```"])


def _inline(value: object) -> str:
    """Return a value as YAML reads it, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return text.removesuffix("...\n").strip()


INDEX = "README.md"
INTRODUCTION = """\
# Methods

A page each: what it computes and where that comes from, what it costs, and every way in which it
differs from its source. The pages are written from records, docstrings and `costs.json`:
`reidbench cards --out docs/methods` after a record or a docstring has changed, and
`reidbench cards NAME --measure --out docs/methods` when the method NAME costs something else."""
COLUMNS = (
    "method",
    "what it does",
    "strategy, allocation",
    "looks at",
    "ranking, s",
    "whole cut, s",
)
STALE = "\\* measured with another version of the method."


def pages(cards: Sequence[Card]) -> dict[str, str]:
    """Return the text of every page by file name, the index first."""
    return {INDEX: index_page(cards), **{f"{card.record.name}.md": page(card) for card in cards}}


def index_page(cards: Sequence[Card]) -> str:
    """Write the index of all cards; families and their methods in alphabetical order."""
    blocks = [INTRODUCTION, *_costs(cards)]
    for family in sorted({card.family for card in cards}, key=lambda family: family.name):
        own = sorted((c for c in cards if c.family == family), key=lambda card: card.record.name)
        blocks += [
            f"## {family.name}",
            prose(family.sentence),
            table(COLUMNS, map(_row, own), numbers=2),
        ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _costs(cards: Iterable[Card]) -> Iterator[str]:
    """Explain the columns of seconds, and name the machines."""
    costs = [card.cost for card in cards if card.cost is not None]
    if not costs:
        yield "Costs are not measured yet."
        return
    shared = [cost.recalibration for cost in costs if cost.recalibration is not None]
    yield wrapped(
        "*ranking*: scores of all channels, once"
        + (f"; {labels.seconds(median(shared))} s of it recalibrate batch norm" if shared else "")
        + ", the same for every method. *whole cut*: all rankings, refits and removals of a prune "
        "phase, without its training, nor what a penalty adds to that. A dash: the card says why."
    )
    yield from dict.fromkeys(wrapped(labels.conditions(cost.setting)) for cost in costs)
    if any(card.is_stale for card in cards):
        yield STALE


def _row(card: Card) -> list[str]:
    record, cost = card.record, card.cost
    mark = r"\*" if card.is_stale else ""
    cuts = record.prunes != "nothing"
    return [
        f"[{record.name}]({record.name}.md)",
        cell(record.summary),
        f"{record.strategy}, {record.allocation}" if cuts else "-",
        record.data if cuts else "-",
        labels.seconds(cost.ranking) + mark if cost else "-",
        labels.seconds(cost.cut) + mark if cost else "-",
    ]
