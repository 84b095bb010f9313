"""Methods that choose channels, and refit the next layer, so that its output stays."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.reconstruction"

RECORDS = [
    MethodRecord(
        name="thinet",
        version="1",
        summary="Removes, layer by layer, the channels whose sum the next layer misses least.",
        reference="Luo et al., ThiNet, ICCV 2017 (arXiv 1707.06342) and TPAMI 2018",
        target=f"{_HERE}.thinet:ThiNet",
        strategy="layerwise",
        data="images",
        authors_epochs=24,
        authors_schedule=(
            "ResNet-50 on ImageNet: a block at a time, about 1 epoch after each at 1e-4,"
            " and about 9 after the last from 1e-3, divided by 10 every 3"
        ),
        options={"variant": "iccv", "points": 10, "ridge": 1.0},
    ),
    MethodRecord(
        name="channel-pruning",
        version="1",
        summary="Selects channels by LASSO on the next layer's output, and refits its weights.",
        reference="He et al., Channel Pruning, ICCV 2017 (arXiv 1707.06168)",
        target=f"{_HERE}.channel_pruning:ChannelPruning",
        strategy="own",
        data="images",
        authors_epochs=10,
        authors_schedule=(
            "all layers first, without training in between; then 10 epochs of ImageNet at 1e-5"
        ),
        options={"points": 20, "ridge": 0.1},
    ),
]
