"""The frozen records with which a plugin declares its methods, backbones and data sets."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from sys import float_info
from types import MappingProxyType
from typing import Any, Literal, get_args

from reidbench.errors import ReidbenchError, did_you_mean, named_line
from reidbench.interrupts import noting_interrupts

Strategy = Literal["one-shot", "iterative", "progressive", "regularised", "layerwise", "own"]
Allocation = Literal["uniform", "global"]
Prunes = Literal["trained", "initial", "nothing"]
Data = Literal["weights", "images", "labels"]
Task = Literal["re-id", "classification"]
BudgetRule = Literal["epochs", "compute"]
Kind = Literal["method", "backbone", "data set"]

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
ALLOCATIONS: tuple[Allocation, ...] = get_args(Allocation)
PRUNES: tuple[Prunes, ...] = get_args(Prunes)
DATA: tuple[Data, ...] = get_args(Data)
TASKS: tuple[Task, ...] = get_args(Task)
BUDGETS: tuple[BudgetRule, ...] = get_args(BudgetRule)
KINDS: tuple[Kind, ...] = get_args(Kind)

# Names are used in YAML, file names and cache keys.
_NAME = re.compile(r"([a-z0-9]+:)?[a-z0-9]+([._-][a-z0-9]+)*")
_TARGET = re.compile(r"[\w.]+:\w+")
_SCALARS = (str, int, float, bool, type(None))
_DEFAULTS = (*_SCALARS, Path)


class TargetError(ReidbenchError):
    """A record whose lazy target cannot be imported."""


class OptionError(ReidbenchError):
    """An option that a component does not have, or a value that it does not accept."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The fields of every declared component; keyword arguments only.

    Attributes:
        name: the name in suites: lower case, unique among all plugins; ``prefix:name`` for one of
            a family.
        version: raise it whenever numbers may change: it is part of every cache key and result.
        summary: one sentence for ``reidbench plugins``.
        reference: the paper or source, or ``"-"``.
        target: lazy ``"package.module:attribute"``, so that discovery never imports torch.
        options: the options that a suite may set, with their defaults: strings, numbers, booleans,
            None for an option that accepts any of these, or ``Path()`` for a file or folder of the
            user's that must be given. A suite's path is relative to the suite's folder; keys and
            rows have its name alone, so that the content must decide the rest.
        needs: what to ``pip install`` before the target can be imported, if the plugin's own
            distribution does not bring it, e.g. ``"reidbench[torch-pruning]"``.

    Raises:
        TypeError: a field of another type, or with a value outside its range.

    """

    name: str
    version: str
    summary: str
    reference: str
    target: str
    # A mapping has no hash, and equal hashes of unequal records are allowed.
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    needs: str = ""

    def __post_init__(self) -> None:
        for text in ("name", "version", "summary", "reference", "target"):
            value = getattr(self, text)
            if not isinstance(value, str) or not value:
                self._refuse(text, "a non-empty string", value)
        if not _NAME.fullmatch(self.name):
            self._refuse("name", "lower-case words joined by '-', '_' or '.'", self.name)
        if not _TARGET.fullmatch(self.target):
            self._refuse("target", "'package.module:attribute'", self.target)
        for option, default in self.options.items():
            if not isinstance(default, _DEFAULTS):
                expected = "a string, number, boolean, None or Path()"
                self._refuse(f"option '{option}'", expected, default)
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def _refuse(self, what: str, expected: str, got: object) -> None:
        raise TypeError(f"record {self.name!r}: {what} must be {expected}, not {got!r}")

    @property
    def paths(self) -> tuple[str, ...]:
        """The options that are paths, which a user must give."""
        return tuple(name for name, value in self.options.items() if isinstance(value, Path))

    def options_text(self) -> str:
        """Return the options with their defaults for a list, ``""`` if there are none."""
        shown = {
            name: "PATH" if name in self.paths else self.options[name] for name in self.options
        }
        return ", ".join(f"{name}={value}" for name, value in shown.items())

    def settings(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``options`` with the defaults filled in; imports nothing.

        Raises:
            OptionError: an option the record lacks, or a value of another type than its default.

        """
        for name, value in options.items():
            if name not in self.options:
                raise OptionError(
                    f"'{self.name}' has no option '{name}'{did_you_mean(name, self.options)} "
                    f"(it has: {', '.join(self.options) or 'none'})"
                )
            if not _fits(value, self.options[name]):
                like = f"like its default {self.options[name]!r}"
                expected = "a path" if isinstance(self.options[name], Path) else like
                raise OptionError(
                    f"'{self.name}': option '{name}' must be {expected}, not {value!r}"
                )
        # 1 and 1.0 mean the same in a suite, and must give the same cache key.
        given = {name: _as_default(value, self.options[name]) for name, value in options.items()}
        return {**self.options, **given}

    def build(self, options: Mapping[str, Any], *inputs: Any) -> Any:
        """Call the target with ``inputs`` and ``options``, the defaults filled in.

        Raises:
            OptionError: as ``settings``, or the target raised a ``ValueError``.
            TargetError: the target cannot be imported.

        """
        settings, target = self.settings(options), self.load()
        try:
            return target(*inputs, **settings)
        except ValueError as error:
            raise OptionError(f"'{self.name}': {error}") from error

    def _unimportable(self, target: str, error: BaseException) -> TargetError:
        cure = f"pip install '{self.needs}'" if self.needs else "reinstall or fix its plugin"
        return TargetError(
            f"'{self.name}' {self.version} points at {target}, which cannot be imported "
            f"({named_line(error)}); {cure}"
        )

    def load(self, target: str = "") -> Any:
        """Import and return the target, or another of the record's lazy attributes.

        Raises:
            TargetError: the module does not exist, fails on import, or lacks the attribute.

        """
        target = target or self.target
        module, attribute = target.split(":")
        with noting_interrupts() as received:
            try:
                return getattr(importlib.import_module(module), attribute)
            # A module may end the process, or panic in another language.
            except BaseException as error:
                if received:
                    raise
                raise self._unimportable(target, error) from error


def _fits(value: object, default: object) -> bool:
    if default is None:
        return isinstance(value, _SCALARS)
    if isinstance(default, Path):
        return isinstance(value, (str, Path)) and bool(str(value).strip())
    if isinstance(default, float):
        whole = type(value) is int and abs(value) <= float_info.max
        return whole or isinstance(value, float)
    # Exact, because True is an int too.
    return type(value) is type(default)


def _as_default(value: Any, default: object) -> Any:
    """Return a value that fits as the type of its default, where more than one type does."""
    kind = type(default) if isinstance(default, float) else Path
    return kind(value) if isinstance(default, (float, Path)) else value


def _is_positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < inf


@dataclass(frozen=True, kw_only=True)
class MethodRecord(Record):
    """A pruning method: a criterion, with the strategy and allocation that suites may replace.

    Attributes:
        target: a subclass of ``reidbench.api.Method``.
        strategy: when channels are removed; ``own`` calls ``Method.prune``.
        allocation: ``uniform`` removes the same share of every layer, ``global`` ranks the channels
            of all layers together.
        prunes: ``trained`` cuts the network that earlier phases trained; ``initial`` cuts the
            untrained network, which then trains through the same phases; ``nothing`` keeps every
            channel.
        data: what a ranking uses: ``weights`` alone, ``images`` (feature maps), or ``labels`` too
            (the loss and its gradients). A ranking that uses more fails.
        budget: ``epochs``: those of the protocol; ``compute``: longer by the factor that the slim
            network is cheaper, at most 2, and only for a control that prunes ``initial``.
        authors_epochs: how long the authors train from the start of pruning on, in epochs of
            their data (the minimum, if it depends on the network); None if unknown. If the phase is
            shorter, the result says "rescaled".
        authors_schedule: their schedule in a few words.
        control: whether it is a row for comparison rather than a contender.

    """

    strategy: Strategy = "one-shot"
    allocation: Allocation = "uniform"
    prunes: Prunes = "trained"
    data: Data = "weights"
    budget: BudgetRule = "epochs"
    authors_epochs: float | None = None
    authors_schedule: str = ""
    control: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = {
            "strategy": STRATEGIES,
            "allocation": ALLOCATIONS,
            "prunes": PRUNES,
            "data": DATA,
            "budget": BUDGETS,
        }
        for text, words in allowed.items():
            if getattr(self, text) not in words:
                self._refuse(text, f"one of {', '.join(words)}", getattr(self, text))
        epochs = self.authors_epochs
        if epochs is not None and not _is_positive(epochs):
            self._refuse("authors_epochs", "a positive number, or None if unknown", epochs)
        if not isinstance(self.authors_schedule, str):
            self._refuse("authors_schedule", "a string", self.authors_schedule)
        if not isinstance(self.control, bool):
            self._refuse("control", "True or False", self.control)
        if self.budget == "compute" and not (self.control and self.prunes == "initial"):
            self._refuse("budget", "'epochs', but for a control that prunes='initial'", "compute")


@dataclass(frozen=True, kw_only=True)
class BackboneRecord(Record):
    """A feature extractor.

    Attributes:
        target: ``target(**options)`` returns an ``nn.Module`` with newly initialised weights that
            maps images (n, 3, height, width) to embeddings (n, d).
        loader: lazy ``"package.module:function"``, ``""`` for a network without published weights.
            ``function(network, weights)`` loads them into a new network, in place: ``weights`` is a
            word such as ``imagenet``, or the path of a file in the publisher's own format and key
            names. It returns the weight (classes, d) of the classifier that came with them, or
            None. It raises ``reidbench.api.WeightsError`` if keys or shapes differ.
        sized: whether the target takes the size of the protocol's images too, as the keyword
            ``size``: (channels, height, width).

    """

    loader: str = ""
    sized: bool = False

    def build_for(self, size: tuple[int, int, int], options: Mapping[str, Any]) -> Any:
        """Build the network for images of (channels, height, width).

        Raises:
            OptionError, TargetError: as ``build``; the target refused the size with a ValueError.

        """
        if not self.sized:
            return self.build(options)
        settings, target = self.settings(options), self.load()
        try:
            return target(size=size, **settings)
        except ValueError as error:
            raise OptionError(f"'{self.name}': {error}") from error

    def weights_loader(self) -> Any:
        """Import and return the function that loads published weights.

        Raises:
            TargetError: it cannot be imported.

        """
        return self.load(self.loader)


@dataclass(frozen=True, kw_only=True)
class FamilyRecord(Record):
    """Components of another library by its own names: ``prefix:name`` in suites.

    Attributes:
        name: the prefix.
        target: ``target(name)`` returns the record of one component, called ``prefix:name``; it
            raises a ``LookupError`` with a sentence where there is none. The record's version
            covers the library's: it is part of every key.
        kind: what the components are.

    """

    kind: Kind = "backbone"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in KINDS:
            self._refuse("kind", f"one of {', '.join(KINDS)}", self.kind)


DRAWN_MARK = "DRAWN.txt"
"""The file in a data set's folder that marks its images as drawn by a program."""


def is_marked_drawn(folder: Path) -> bool:
    """Return whether a folder has a drawn stand-in of a data set."""
    return (folder / DRAWN_MARK).exists()


@dataclass(frozen=True)
class Place:
    """One layout of a data set: a folder below the data root, and what it must contain.

    ``needs`` are files or folders relative to ``folder``, all of which must exist.
    """

    folder: str
    needs: tuple[str, ...]

    def under(self, root: Path) -> Path | None:
        """Return the folder below ``root`` if it has everything it needs, else None."""
        folder = root / self.folder
        return folder if all((folder / need).exists() for need in self.needs) else None


@dataclass(frozen=True, kw_only=True)
class OnDisk:
    """A data set that users must bring: where it is looked for, and what to know about it.

    Attributes:
        places: its known layouts; the first one found is used.
        tree: the expected tree below the data root, for people: a few lines.
        origin: who publishes it and how to obtain it, with an address if there is one.
        licence: its terms, in a sentence.
        ethics: what to know before using it, in a sentence or two; may be empty.
        stand_in: the drawn data set that can be written in this layout, ``""`` for none.
        writer: lazy ``"package.module:function"``; ``writer(data, root)`` writes the stand-in below
            the data root in this layout, with a file ``DRAWN_MARK``, and returns its folder.
        training_images: how many its training split has as published, 0 if unknown: they price a
            run before the data are there.
        test_images: how many query and gallery have together, without junk; 0 for none.

    """

    places: tuple[Place, ...]
    tree: str
    origin: str
    licence: str
    ethics: str = ""
    stand_in: str = ""
    writer: str = ""
    training_images: int = 0
    test_images: int = 0

    def find(self, root: Path) -> Path | None:
        """Return the folder of the data set below ``root``, None if it is not there."""
        return next((found for place in self.places if (found := place.under(root))), None)


@dataclass(frozen=True, kw_only=True)
class DatasetRecord(Record):
    """A data set.

    Attributes:
        target: ``target(**options)`` returns its lists of images; with ``disk``,
            ``target(folder, **options)`` gets the folder that was found.
        task: ``re-id`` for a ``reidbench.api.ReIDData``, which a suite may use anywhere;
            ``classification`` for a ``reidbench.api.ClassificationData``, only as a source.
        drawn: whether the images are drawn, not photographed: results say so, and never share a
            table with a real data set.
        disk: where to find a data set that users must bring; None for a built-in one.

    """

    task: Task = "re-id"
    drawn: bool = False
    disk: OnDisk | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.task not in TASKS:
            self._refuse("task", f"one of {', '.join(TASKS)}", self.task)
