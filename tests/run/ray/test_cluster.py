"""What a phase asks a Ray cluster for, and how many fit, or that none ever will."""

from __future__ import annotations

import sys

import pytest

from reidbench.errors import ReidbenchError
from reidbench.run.options import RunOptions
from reidbench.run.ray.cluster import Node, Share, connected

SMALL = Node("a", "small (10.0.0.1)", {"CPU": 4.0, "memory": 1e9})
LARGE = Node("b", "large (10.0.0.2)", {"CPU": 16.0, "GPU": 2.0})
HEAD = Node("c", "head (10.0.0.3)", {"memory": 1e9})


def share(*nodes: Node, **options: object) -> Share:
    return Share.of(RunOptions("suite.yaml", executor="ray", **options), list(nodes))  # type: ignore[arg-type]


def test_a_phase_asks_for_a_core_where_there_is_no_gpu() -> None:
    asked = share(SMALL, HEAD)
    assert asked == Share(threads=1, gpus=0)
    assert asked.places([SMALL, HEAD]) == 4


def test_with_gpus_a_phase_asks_for_one_and_its_part_of_the_cores() -> None:
    asked = share(SMALL, LARGE)
    assert asked == Share(threads=8, gpus=1)
    assert [asked.on(node) for node in (SMALL, LARGE, HEAD)] == [0, 2, 0]


def test_threads_and_device_are_the_users() -> None:
    asked = share(SMALL, LARGE, threads=3, device="cpu")
    assert asked == Share(threads=3, gpus=0)
    assert asked.places([SMALL, LARGE]) == 1 + 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"threads": 5},
            "no node of the Ray cluster has 5 CPUs and no GPU, which each phase asks ",
        ),
        ({"device": "cuda"}, "--device cuda: no node of the Ray cluster has a GPU"),
        ({"device": "cuda:1"}, "--device cuda:1: Ray deals out the GPUs; use one of auto, cpu, "),
    ],
)
def test_what_fits_no_node_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ReidbenchError) as error:
        share(SMALL, HEAD, **options)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_the_largest_node_is_named() -> None:
    with pytest.raises(ReidbenchError, match=r"the largest has 16 CPUs and 2 GPUs: ask for fewer"):
        share(SMALL, LARGE, threads=17)


def test_without_ray_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ReidbenchError, match=r"pip install 'reidbench\[ray\]'"), connected("auto"):
        pass
