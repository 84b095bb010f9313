"""Arguments and options that several commands share, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from reidbench.files import at_home
from reidbench.plugins import Registry
from reidbench.run.options import (
    DATA,
    DATA_VARIABLE,
    STEP_TIMEOUT,
    installed_plugins,
)
from reidbench.store import STORE, STORE_VARIABLE
from reidbench.text import QuantityError, parse_time

F = TypeVar("F", bound=Callable[..., Any])


def _seconds(context: click.Context, option: click.Parameter, text: str) -> float:
    try:
        return parse_time(text)
    except QuantityError as error:
        raise QuantityError(f"{option.opts[0]} {error}") from error


class _UserPath(click.Path):
    """A path in which ``~`` is the user's folder: no shell does that in ``--out=~/runs``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path in full."""
        return super().convert(at_home(value), param, ctx)


_PATH = _UserPath(path_type=Path)
_FOLDER = _UserPath(path_type=Path, file_okay=False)
_SHARED: dict[str, Callable[[Any], Any]] = {
    "suite": click.argument("suite", type=_PATH),
    "out": click.option(
        "--out",
        type=_FOLDER,
        help="Folder for results, log and leaderboard.  [default: runs/<suite name>]",
    ),
    "store": click.option(
        "--store",
        type=_FOLDER,
        envvar=STORE_VARIABLE,
        default=STORE,
        show_default=True,
        show_envvar=True,
        help="Folder of networks and measurements that suites share.",
    ),
    "data": click.option(
        "--data",
        type=_FOLDER,
        envvar=DATA_VARIABLE,
        default=DATA,
        show_default=True,
        show_envvar=True,
        help="Folder below which data sets that you bring are looked for.",
    ),
    "only": click.option(
        "--only",
        multiple=True,
        metavar="NAME",
        help="Run a part: the name of a scenario, target, method, backbone or source, or "
        "reduction=0.5, seed=0. Words of one kind are alternatives; may be repeated.",
    ),
    "protocol": click.option(
        "--protocol",
        metavar="NAME",
        help="Run the suite under another protocol, by name or file, as a suite of its own "
        "(NAME-PROTOCOL).",
    ),
    "device": click.option(
        "--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."
    ),
    "threads": click.option(
        "--threads", type=click.IntRange(min=1), help="CPU threads.  [default: all cores]"
    ),
    "step_timeout": click.option(
        "--step-timeout",
        metavar="TIME",
        default=f"{STEP_TIMEOUT:g}s",
        show_default=True,
        callback=_seconds,
        help="Stop a worker that reports no step for this long (or five times as long as its phase "
        "is expected to take): its phase has failed.",
    ),
    "disabled": click.option(
        "--disable-plugin",
        "disabled",
        multiple=True,
        metavar="NAME",
        help="Leave out a plugin, by entry point or distribution; may be repeated.",
    ),
}


def shared(*names: str) -> Callable[[F], F]:
    """Give a command the arguments and options called ``names``, in the order of its help."""

    def decorate(command: F) -> F:
        for name in reversed(names):
            command = _SHARED[name](command)
        return command

    return decorate


def installed(disabled: Sequence[str]) -> Registry:
    """Return the plugins that load, and say on stderr which do not, and why."""
    return installed_plugins(disabled, partial(click.echo, err=True))
