"""Writes the cost model of every built-in backbone: ``python -m tests.support.cost_models``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import nn

from reidbench.config.protocol import load_protocol, protocol_names
from reidbench.engine.channels import ChannelGraph, capture
from reidbench.engine.channels.cost_model import cost_model
from reidbench.engine.training.network import build_network
from reidbench.run.options import installed_plugins
from reidbench.submissions.costs import FOLDER, size_name

Size = tuple[int, int, int]


def network_and_graph(name: str, size: Size) -> tuple[nn.Module, ChannelGraph]:
    record = installed_plugins((), print).backbones.get(name).record
    network = build_network(
        lambda: record.build(record.settings({})), size, identities=1, bnneck=True, seed=0
    )
    return network.backbone, capture(network.backbone, size)


def document(name: str, sizes: list[Size]) -> dict[str, Any]:
    models = {size_name(size): cost_model(*network_and_graph(name, size)) for size in sizes}
    record = installed_plugins((), print).backbones.get(name).record
    return {"backbone": name, "version": record.version, "sizes": models}


def text(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n"


def path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def main() -> None:
    sizes = sorted({load_protocol(name).input.size for name in protocol_names()})
    for name in installed_plugins((), print).backbones.names():
        path(name).write_text(text(document(name, sizes)), encoding="utf-8")
        print(path(name).name)


if __name__ == "__main__":
    main()
