"""One short script for a machine with a GPU: does everything run there, how close, how fast?

    python -m tests.gpu.check OUT [--device cuda]

Prints one line a figure and writes them to ``OUT/gpu.json``. Takes less than eight minutes on a
data-centre card. With ``--device cpu`` and ``--small`` it runs anywhere, to check the script.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reidbench import run_suite
from reidbench.engine.device import prepare_device
from reidbench.engine.retrieval import Features, score
from reidbench.plugins import discover

MSMT17 = (11_659, 82_161, 2048)
"""Queries, gallery images and width of a ResNet-50's embeddings."""


def main() -> None:
    """Run every check, note what fails, and write what was measured."""
    given = _arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    checks: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
        "suite": tiny_suite,
        "parity": parity,
        "training": images_a_second,
        "evaluation": evaluation,
        "latency": latency,
    }
    found: dict[str, Any] = {"device": _named(given.device), "torch": torch.__version__}
    for name, check in checks.items():
        started = time.perf_counter()
        try:
            found[name] = check(given)
        except Exception as error:
            found[name] = {"failed": f"{type(error).__name__}: {error}"}
        found[name]["wall"] = round(time.perf_counter() - started, 1)
        print(name, json.dumps(found[name]), flush=True)
        (given.out / "gpu.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def tiny_suite(given: argparse.Namespace) -> dict[str, Any]:
    """Run two rows of the quickstart end to end, on the device and on the CPU."""
    scores = {}
    for device in dict.fromkeys((given.device, "cpu")):
        outcome = run_suite(
            "quickstart",
            out=given.out / f"quickstart-{device}",
            store=given.out / f"store-{device}",
            only=["l1", "dense", "seed=0", "reduction=0.5"],
            protocol="smoke/1" if given.small else None,
            device=device,
            threads=given.threads,
        )
        assert outcome.exit_status == 0
        scores[device] = {r.trial.method: r.scores.final.mAP for r in outcome.results if r.scores}
    return {"mAP": scores}


def parity(given: argparse.Namespace) -> dict[str, Any]:
    """Compare embeddings of each backbone on the device with the CPU's, relative to the largest."""
    apart = {}
    images = torch.randn(8, 3, 256, 128, generator=torch.Generator().manual_seed(0))
    for component in discover().backbones.components[: 2 if given.small else None]:
        torch.manual_seed(0)
        network = component.record.build(component.record.options).eval()
        with torch.inference_mode():
            here = network(images)
            there = network.to(given.device)(images.to(given.device)).cpu()
        apart[component.record.name] = float((there - here).abs().max() / here.abs().max())
    return {"largest relative difference": apart, "tolerance": 1e-3}


def images_a_second(given: argparse.Namespace) -> dict[str, Any]:
    """Train ResNet-50 at 256 x 128 in batches of 64, as the protocols' precisions do."""
    record = discover().backbones.get("resnet50").record
    batch, steps = (4, 2) if given.small else (64, 30)
    rates = {}
    for name, dtype in (("float32", None), ("bfloat16", torch.bfloat16)):
        network = record.build(record.options).to(given.device).train()
        optimiser = torch.optim.Adam(network.parameters())
        images = torch.randn(batch, 3, 256, 128, device=given.device)
        for step in range(steps + 3):
            if step == 3:
                _wait(given.device)
                started = time.perf_counter()
            kind = torch.device(given.device).type
            with torch.autocast(kind, dtype or torch.bfloat16, enabled=dtype is not None):
                loss = network(images).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        _wait(given.device)
        rates[name] = round(steps * batch / (time.perf_counter() - started), 1)
    return {"images/s": rates}


def evaluation(given: argparse.Namespace) -> dict[str, Any]:
    """Rank random embeddings at MSMT17's size on the device, and a part of them on the CPU too."""
    queries, gallery, width = (200, 2000, 64) if given.small else MSMT17
    random = np.random.default_rng(0)
    sides = [_features(random, count, width) for count in (queries, gallery)]
    device = prepare_device(given.device, given.threads)
    started = time.perf_counter()
    whole = score(*sides, metric="cosine", device=device)
    seconds = time.perf_counter() - started
    part = [Features(f.embeddings[:200], f.pids[:200], f.camids[:200]) for f in sides]
    here, there = (score(*part, metric="cosine", device=d) for d in (torch.device("cpu"), device))
    return {"seconds": round(seconds, 2), "mAP": whole.mAP, "same as CPU": here.mAP == there.mAP}


def latency(given: argparse.Namespace) -> dict[str, Any]:
    """Time dense and half ResNet-50 with events of the device, least of 30, at batches 1 and 64."""
    from reidbench import prune

    record = discover().backbones.get("resnet50").record
    dense = record.build(record.options).eval()
    size = (3, 64, 32) if given.small else (3, 256, 128)
    half = prune(dense, size=size, reduction=0.5, round_to=16).network.eval()
    found = {}
    torch.backends.cudnn.benchmark = True
    for batch in (1, 2) if given.small else (1, 64):
        images = torch.randn(batch, *size, device=given.device)
        least = {"dense": float("inf"), "half": float("inf")}
        networks = {"dense": dense.to(given.device), "half": half.to(given.device)}
        with torch.inference_mode():
            for _ in range(5 if given.small else 35):
                for name, network in networks.items():
                    _wait(given.device)
                    started = time.perf_counter()
                    network(images)
                    _wait(given.device)
                    least[name] = min(least[name], 1000 * (time.perf_counter() - started))
        found[str(batch)] = {**least, "speed-up": least["dense"] / least["half"]}
    return {"milliseconds by batch": found}


def _features(random: np.random.Generator, count: int, width: int) -> Features:
    embeddings = torch.from_numpy(random.standard_normal((count, width), dtype=np.float32))
    return Features(embeddings, random.integers(0, 1000, count), random.integers(0, 15, count))


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _named(device: str) -> str:
    return torch.cuda.get_device_name() if device.startswith("cuda") else device


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--small", action="store_true", help="tiny sizes, to check the script")
    return parser.parse_args()


if __name__ == "__main__":
    main()
