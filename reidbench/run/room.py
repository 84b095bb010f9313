"""Whether the store can be written, and the disk holds what a run adds to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from reidbench.api.data import ReIDData
from reidbench.files import free_space, has_size, room_for
from reidbench.plan import ConfiguredData, EvaluateNode, LoadNode, Plan, Trial, canonical
from reidbench.run.forecast import forecast
from reidbench.store import Store, StoreError
from reidbench.store.integrity import FILES
from reidbench.text import size_text

PIXELS = "pixels.npy"


def lack_of_room(plan: Plan, trials: Iterable[Trial], store: Store) -> str:
    """Return that the disk cannot hold what trials leave; empty if it can, as far as is known.

    Known are the decoded images, and networks and measurements like those that were made before.
    """
    nodes = {node.key: node for trial in trials for node in trial.nodes if not store.has(node.key)}
    expected = forecast(plan, store)
    needed = expected.size(nodes.values()) + _pixels(nodes.values(), plan, store)
    free = free_space(store.root)
    if needed <= free or not has_size(store.root):
        return ""
    return (
        f"suite '{plan.suite.name}' needs about {size_text(needed)} more in the store "
        f"{store.root}, and only {size_text(free)} are free there; 'reidbench store prune' makes "
        "room, --store names another disk"
    )


def _pixels(nodes: Iterable[object], plan: Plan, store: Store) -> int:
    """Return the bytes of the images that nodes read and that are not decoded yet."""
    kept, size = set(_kept(store)), plan.protocol.input
    image = 3 * size.height * size.width
    needed: dict[tuple[str, str, int], int] = {}
    for node in nodes:
        if isinstance(node, LoadNode):
            continue
        data: ConfiguredData = node.data  # type: ignore[attr-defined]
        parts = ("query", "gallery") if isinstance(node, EvaluateNode) else ("train",)
        for part, count in _counts(data, parts):
            needed[canonical(data.document()), part, count * image] = count * image
    return sum(size for key, size in needed.items() if key not in kept)


def _counts(data: ConfiguredData, parts: Iterable[str]) -> Iterator[tuple[str, int]]:
    lists = data.lists()
    for part in parts:
        yield part, len(getattr(lists, part) if isinstance(lists, ReIDData) else lists.train)


def _kept(store: Store) -> Iterator[tuple[str, str, int]]:
    """Yield of all decoded images in the store what they are of, and their bytes."""
    for key in store.latest() if store.root.is_dir() else []:
        if not (store.folder(key) / PIXELS).is_file():
            continue
        try:
            meta = store.meta(key)
        except StoreError:
            continue
        header = 128  # of a .npy file of four dimensions
        size = meta[FILES][PIXELS]["bytes"] - header
        yield canonical(meta.get("data")), str(meta.get("part")), size


def refuse_unwritable(store: Path) -> None:
    """Refuse a store that cannot be written, as every single trial would fail on it."""
    try:
        with room_for(store):
            store.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=store) as probe:
                probe.write(b"0")
    except OSError as error:
        raise StoreError(
            f"store {store} cannot be written ({error.strerror}); name another folder with --store"
        ) from error
