"""The Ray cluster that a run uses: connected to, and asked what a phase finds there."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

from reidbench.errors import ReidbenchError, one_line
from reidbench.run.options import RunOptions, available_cores
from reidbench.text import counted

LOOK = 2.0
"""Seconds between two looks at which nodes there are."""
_DEVICES = ("auto", "cpu", "cuda")


class Node(NamedTuple):
    """A node that is alive: its id, the name of its machine, and all that it has."""

    id: str
    name: str
    has: Mapping[str, float]


@dataclass(frozen=True)
class Share:
    """What a phase asks a node for: cores, one a thread, and GPUs."""

    threads: int
    gpus: int

    @staticmethod
    def of(options: RunOptions, nodes: list[Node]) -> Share:
        """Return what each phase of a run asks for.

        Without ``--threads``: one core, or the cores that are there for each GPU.

        Raises:
            ReidbenchError: no node has it, so a phase would wait for ever.

        """
        if options.device not in _DEVICES:
            raise ReidbenchError(
                f"--device {options.device}: Ray deals out the GPUs; use one of "
                f"{', '.join(_DEVICES)}"
            )
        cards = [node for node in nodes if node.has.get("GPU", 0) >= 1]
        if options.device == "cuda" and not cards:
            raise ReidbenchError("--device cuda: no node of the Ray cluster has a GPU; use cpu")
        gpus = int(bool(cards) and options.device != "cpu")
        each = [int(node.has.get("CPU", 0) // node.has["GPU"]) for node in cards] if gpus else []
        share = Share(options.threads or max(1, min(each, default=1)), gpus)
        share.places(nodes)
        return share

    def places(self, nodes: list[Node]) -> int:
        """Return how many phases can run at a time.

        Raises:
            ReidbenchError: not even one, however long it waits.

        """
        found = sum(self.on(node) for node in nodes)
        if not found:
            best = max(nodes, key=lambda node: node.has.get("CPU", 0), default=None)
            largest = f"the largest has {_amounts(best.has)}" if best else "there is none"
            asked = _amounts({"CPU": self.threads, "GPU": self.gpus})
            raise ReidbenchError(
                f"no node of the Ray cluster has {asked}, which each phase asks for; {largest}: "
                "ask for fewer --threads or another --device, or add such a node"
            )
        return found

    def on(self, node: Node) -> int:
        """Return how many phases can run at a time on a node."""
        places = int(node.has.get("CPU", 0) // self.threads)
        return min(places, int(node.has.get("GPU", 0) // self.gpus)) if self.gpus else places


@dataclass
class Places:
    """How many phases can run at a time, looked up again from time to time.

    Attributes:
        most: bound by the user, 0 for none.

    """

    share: Share
    most: int
    _count: int = 0
    _looked: float = float("-inf")

    def __call__(self) -> int:
        """Return the number for the nodes there are now.

        Raises:
            ReidbenchError: no node is left on which a phase could run.

        """
        if monotonic() - self._looked > LOOK:
            found = self.share.places(alive())
            self._count, self._looked = min(found, self.most or found), monotonic()
        return self._count


def alive() -> list[Node]:
    """Return the nodes of the cluster that are alive.

    Raises:
        ReidbenchError: the cluster does not answer.

    """
    import ray

    try:
        known = ray.nodes()
    except Exception as error:
        raise ReidbenchError(
            f"the Ray cluster does not answer any more ({one_line(error)[:200]}); what is finished "
            "is kept: run the same command once there is a cluster"
        ) from error
    return [
        Node(each["NodeID"], f"{each['NodeManagerHostname']} ({each['NodeManagerAddress']})", has)
        for each in known
        if each["Alive"] and (has := each["Resources"])
    ]


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connect to a cluster for the block; ``local`` starts one that ends with the block.

    A process that is connected already stays so, and uses that cluster.

    Raises:
        ReidbenchError: Ray is not installed, or there is no such cluster.

    """
    # A thread that outlives the connection must not open another one.
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
    try:
        import ray
    except ImportError as error:
        raise ReidbenchError(
            "--executor ray needs Ray, which is not installed: pip install 'reidbench[ray]'"
        ) from error
    if ray.is_initialized():
        yield
        return
    try:
        _connect(ray, address)
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    more: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        more = {"num_cpus": available_cores(), "include_dashboard": False}
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", **more)
        # Or Ray prints pages of a dead node's state among the results; no option stops that.
        ray._private.worker._worker_logs_enabled = False
    # Of many kinds, and different ones from version to version.
    except Exception as error:
        raise ReidbenchError(
            f"--address {address}: no Ray cluster to connect to ({one_line(error)[:300]}); start "
            "one with 'ray start --head', or let the run start its own with --address local"
        ) from error
    finally:
        if main:  # Ray puts a handler of its own in the place of what makes a kill a Ctrl-C
            signal.signal(signal.SIGTERM, before)


def _amounts(has: Mapping[str, float]) -> str:
    cores, gpus = int(has.get("CPU", 0)), int(has.get("GPU", 0))
    return f"{counted(cores, 'CPU')} and {counted(gpus, 'GPU') if gpus else 'no GPU'}"
