"""A method's card as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from reidbench.cards import labels
from reidbench.cards.card import Card
from reidbench.cards.markdown_text import bullets, cell, paragraph, table, wrapped


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
    yield f"Check that it keeps its contract:\n\n```sh\nreidbench plugins check {record.name}\n```"


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
