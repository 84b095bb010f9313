"""Controls: rows to hold every method against."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.controls"

RECORDS = [
    MethodRecord(
        name="dense",
        version="1",
        summary="Keeps every channel and trains on for as long as the others do.",
        reference="-",
        target=f"{_HERE}.dense:Dense",
        prunes="nothing",
        control=True,
    ),
    MethodRecord(
        name="random",
        version="1",
        summary="Removes channels at random.",
        reference="Mittal et al., Recovering from Random Pruning, WACV 2018",
        target=f"{_HERE}.random:Random",
        control=True,
    ),
    MethodRecord(
        name="scratch",
        version="1",
        summary="Trains the uniformly slim network from its initialisation.",
        reference="Liu et al., Rethinking the Value of Network Pruning, ICLR 2019",
        target=f"{_HERE}.scratch:Scratch",
        prunes="initial",
        control=True,
    ),
    MethodRecord(
        name="scratch-b",
        version="1",
        summary="Trains the slim network from its initialisation for the dense one's compute.",
        reference="Liu et al., Rethinking the Value of Network Pruning, ICLR 2019",
        target=f"{_HERE}.scratch:ScratchB",
        prunes="initial",
        budget="compute",
        control=True,
    ),
]
