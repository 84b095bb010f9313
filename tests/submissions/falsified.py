"""Submissions that somebody has falsified, one fault each, made from a good one."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reidbench.results import PACK, read_pack, write_pack
from reidbench.results.packed_numbers import pack_precision, unpack_precision
from tests.support.places import ROOT

PUBLISHED = ROOT / "leaderboard"
METHODS = ("dense", "random", "l1")
SUITE = """\
name: quickstart
protocol: mini/1
scenarios: {target-only: [{train: target}, {prune: target}]}
backbones: [resnet18]
targets: [synthped-quick]
methods: [dense, random, l1]
reductions: [0.5]
seeds: [0, 1]
"""
ABOUT = "submitter: A lab\ncontact: lab@example.org\nlicence: CC-BY-4.0\ncode: built in\n"
Falsify = Callable[[Path], None]
BIG = "9" * 5000


@cache
def good_pack() -> bytes:
    """The dense, random and l1 rows of the quickstart at half the MACs, as packed."""
    path = PUBLISHED / "quickstart" / PACK
    kept = [
        it
        for it in read_pack(path)
        if it.trial.method in METHODS and it.trial.reduction in (0.0, 0.5)
    ]
    with TemporaryDirectory() as scratch:
        return write_pack(Path(scratch) / PACK, kept).read_bytes()


def good(folder: Path) -> Path:
    """Write the good submission."""
    folder.mkdir()
    (folder / PACK).write_bytes(good_pack())
    (folder / "suite.yaml").write_text(SUITE)
    (folder / "submission.yaml").write_text(ABOUT)
    return folder


def lines(folder: Path) -> list[str]:
    return (folder / PACK).read_text().splitlines()


def write(folder: Path, texts: list[str]) -> None:
    (folder / PACK).write_text("".join(f"{text}\n" for text in texts))


def place(folder: Path, method: str = "l1", seed: int = 0) -> int:
    """Return where the line of a trial is."""
    return next(
        index
        for index, text in enumerate(lines(folder))
        if f'"method":"{method}",' in text and f'"seed":{seed}}}' in text
    )


def edit(change: Callable[[dict[str, Any]], object], method: str = "l1", seed: int = 0) -> Falsify:
    """Change the document of a trial."""

    def falsify(folder: Path) -> None:
        texts, index = lines(folder), place(folder, method, seed)
        document = json.loads(texts[index])
        change(document)
        texts[index] = json.dumps(document, separators=(",", ":"))
        write(folder, texts)

    return falsify


def put(path: str, raw: str) -> Falsify:
    """Put a text in the place of a field's value, as it is."""

    def change(document: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for name in parents:
            document = document[int(name) if isinstance(document, list) else name]
        document[last] = "@@"

    def falsify(folder: Path) -> None:
        edit(change)(folder)
        write(folder, [text.replace('"@@"', raw) for text in lines(folder)])

    return falsify


def swap(one: str, other: str) -> Falsify:
    def change(document: dict[str, Any]) -> None:
        final = document["scores"]["final"]
        final[one], final[other] = final[other], final[one]

    return edit(change)


def file(name: str, content: str | bytes) -> Falsify:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data) and None


NUMBERS = (
    *(f"scores/final/{it}" for it in ("mAP", "rank1", "rank5", "rank10", "mINP")),
    *(f"scores/final/{it}" for it in ("mAP_trapezoid", "valid_queries", "excluded_queries")),
    *(f"cost/{it}" for it in ("macs", "parameters", "dense_macs", "dense_parameters")),
    *("tolerance", "engine", "trial/reduction", "trial/seed", "schema_version"),
    *("phases/0/epochs", "phases/0/steps", "phases/0/seconds/training"),
    *("widths/conv1/kept", "widths/layer1.0.conv1/size", "scores/before_retraining/rank1"),
)
VALUES = {
    "NaN": "NaN",
    "infinity": "-Infinity",
    "overflow": "1e999",
    "negative": "-1",
    "huge": "1e21",
    "digits": BIG,
    "text": '"0.5"',
    "null": "null",
    "list": "[1]",
    "bool": "true",
}
TEXTS = (
    *("trial/method", "trial/scenario", "trial/target", "trial/strategy", "trial/backbone"),
    *("suite", "key", "components/method/name", "components/target/version", "error", "status"),
    *("provenance/hardware/cpu", "provenance/packages/torch", "phases/0/on", "phases/0/key"),
)
STRINGS = {
    "script": '"<script>alert(1)</script>"',
    "traversal": '"../../../etc/passwd<"',
    "control": '"a\\u0000b"',
    "direction": '"a\\u202eb"',
    "surrogate": '"\\ud800"',
    "long": json.dumps("x" * 5000),
    "object": '{"a":1}',
}


def numbers() -> Iterator[tuple[str, Falsify]]:
    for path in NUMBERS:
        for name, raw in VALUES.items():
            yield f"{path}={name}", put(path, raw)
    for path in TEXTS:
        for name, raw in STRINGS.items():
            yield f"{path}={name}", put(path, raw)


def bomb(size: int) -> str:
    return base64.b64encode(zlib.compress(bytes(size), 9)).decode()


def _shifted(document: dict[str, Any], name: str, by: float, part: str = "final") -> None:
    document["scores"][part][name] += by


def _precision(document: dict[str, Any]) -> None:
    lists = document["per_query"]
    values = unpack_precision(lists["average_precision"], 400)
    lists["average_precision"] = pack_precision([1.0] * 20 + values[20:])


def edits() -> Iterator[tuple[str, Falsify]]:
    for path, by in (("rank1", 1e-4), ("mAP", 1e-4), ("mAP", -2e-5), ("rank10", 0.1)):
        yield f"{path}+{by}", edit(lambda it, p=path, b=by: _shifted(it, p, b))  # type: ignore[misc]
    yield "rank-1 above rank-5", edit(lambda it: _shifted(it, "rank1", 0.2))
    yield "trapezoid", edit(lambda it: _shifted(it, "mAP_trapezoid", 0.1))
    for part in ("base", "before_retraining"):
        yield f"{part} rank", edit(lambda it, p=part: _shifted(it, "rank5", 0.0013, p))  # type: ignore[misc]
    pairs = [("mAP", "rank1"), ("mAP", "mINP"), ("rank1", "rank5"), ("rank1", "rank10")]
    for pair in [*pairs, ("mINP", "mAP_trapezoid"), ("rank1", "mAP_trapezoid")]:
        yield f"swap {pair}", swap(*pair)
    yield "precision", edit(_precision)
    for name in ("macs", "parameters", "dense_macs", "dense_parameters"):
        yield f"{name}+1", edit(lambda it, n=name: it["cost"].update({n: it["cost"][n] + 1}))  # type: ignore[misc]
    yield "width+1", edit(lambda it: it["widths"]["layer1.0.conv1"].update(kept=30))
    yield "width above size", edit(lambda it: it["widths"]["layer1.0.conv1"].update(kept=65))
    yield "width left out", edit(lambda it: it["widths"].pop("layer1.0.conv1"))
    yield "no widths", edit(lambda it: it.update(widths=None))
    yield "budget", edit(lambda it: it["phases"][1].update(epochs=50.0))
    yield "digest", edit(lambda it: it["protocol"].update(sha256="0" * 64))
    yield "protocol", edit(lambda it: it["protocol"].update(name="paper/1"))
    yield "open", edit(lambda it: it.update(division="open"))
    yield "component", edit(lambda it: it["components"].pop("target"))
    yield "dirty", edit(lambda it: it["provenance"]["git"].update(dirty=True))
    yield "no provenance", edit(lambda it: it.update(provenance={}))
    yield "other machine", edit(lambda it: it["provenance"]["hardware"].update(cpu="Other"))
    yield "more", edit(lambda it: it.update(rank=1))
    yield "bomb", edit(lambda it: it["per_query"].update(average_precision=bomb(20_000_000)))
    yield "no base64", edit(lambda it: it["per_query"].update(average_precision="<script>"))
    yield "other list", edit(lambda it: it["per_query"].update(identities="0" * 16))


def wholes() -> Iterator[tuple[str, Falsify]]:
    def permuted(folder: Path) -> None:
        edit(lambda it: it["trial"].update(seed=7), seed=0)(folder)
        edit(lambda it: it["trial"].update(seed=0), seed=1)(folder)
        edit(lambda it: it["trial"].update(seed=1), seed=7)(folder)

    def anchors(folder: Path) -> None:
        write(folder, [it for it in lines(folder) if '"method":"random",' not in it])
        text = (folder / "suite.yaml").read_text().replace("random, ", "")
        (folder / "suite.yaml").write_text(text)

    yield "permuted seeds", permuted
    yield "seed of the suite", edit(lambda it: it["trial"].update(seed=5))
    yield "no anchor", anchors
    yield "trial left out", lambda it: write(it, lines(it)[:-1])
    yield "line twice", lambda it: write(it, [*lines(it), lines(it)[-1]])
    yield "not sorted", lambda it: write(it, [*lines(it)[:2], *reversed(lines(it)[2:])])
    yield "no identities", lambda it: write(it, [lines(it)[0], *lines(it)[2:]])
    yield "no head", lambda it: write(it, lines(it)[1:])
    yield "newer", lambda it: write(it, ['{"reidbench_pack":2}', *lines(it)[1:]])
    for share in range(1, 10):
        size = len(good_pack()) * share // 10
        yield f"cut at {share}0 %", file(PACK, good_pack()[:size])
    for depth in (50, 5_000):
        nested = '{"a":' * depth + "1" + "}" * depth
        yield f"depth {depth}", put("provenance/packages", nested)
        yield f"list depth {depth}", put("provenance/packages", "[" * depth + "]" * depth)
    for name in ("key", "scores", "suite"):
        double = f'"{name}":"x","{name}":'
        yield (
            f"{name} twice",
            lambda it, n=name, d=double: write(it, [t.replace(f'"{n}":', d) for t in lines(it)]),  # type: ignore[misc]
        )


def files() -> Iterator[tuple[str, Falsify]]:
    def linked(folder: Path) -> None:
        (folder / PACK).unlink()
        (folder / PACK).symlink_to(PUBLISHED / "quickstart" / PACK)

    def sparse(folder: Path) -> None:
        with (folder / PACK).open("ab") as pack:
            pack.truncate(10**10)

    def pipe(folder: Path) -> None:
        (folder / "suite.yaml").unlink()
        os.mkfifo(folder / "suite.yaml")

    bombs = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    yield "link", linked
    yield "huge", sparse
    yield "pipe", pipe
    yield "executable", lambda it: (it / PACK).chmod(0o755)
    yield "code", file("setup.py", "raise SystemExit(1)")
    yield "pickle", file("model.pkl", b"\x80\x04")
    yield "folder", lambda it: (it / "more").mkdir()
    yield "odd name", file("a\nb.json", "{}")
    yield "empty", file(PACK, "")
    yield "not UTF-8", file(PACK, b"\xff\xfe" + good_pack())
    yield "a zip", file(PACK, b"PK\x03\x04" + bytes(100))
    yield "no suite", lambda it: (it / "suite.yaml").unlink()
    yield "suite tag", file("suite.yaml", "name: !!python/object/apply:os.system [touch x]\n")
    yield "suite bomb", file("suite.yaml", "a0: &a0 x\n" + bombs)
    yield "suite seeds", file("suite.yaml", SUITE.replace("[0, 1]", "[0, 1, 2]"))
    yield "suite protocol", file("suite.yaml", SUITE.replace("mini/1", "paper/1"))
    yield "suite name", file("suite.yaml", SUITE.replace("quickstart", "<script>"))
    yield "form", file("submission.yaml", ABOUT.replace("A lab", "<script>"))
    yield "form licence", file("submission.yaml", ABOUT.replace("CC-BY-4.0", "none"))
    yield "form code", file("submission.yaml", ABOUT.replace("built in", "javascript:1"))
    yield "form field", file("submission.yaml", ABOUT + "run: rm -r x\n")
    yield "page", file("leaderboard.md", "# I won\n")


FALSIFIED = dict([*numbers(), *edits(), *wholes(), *files()])
