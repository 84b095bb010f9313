"""Methods that push weights towards zero while training, then cut."""

from reidbench.api import MethodRecord

_HERE = "reidbench_plugins.methods.regularisation"

RECORDS = [
    MethodRecord(
        name="slimming",
        version="1",
        summary="Trains with an L1 penalty on the norms' scales, then removes the smallest scales.",
        reference="Liu et al., Learning Efficient CNNs through Network Slimming, ICCV 2017",
        target=f"{_HERE}.slimming:Slimming",
        strategy="regularised",
        allocation="global",
        authors_epochs=320.0,
        authors_schedule="CIFAR: 160 epochs of sparse training from scratch, 160 of fine-tuning",
        options={"strength": 1e-5},
    ),
    MethodRecord(
        name="auto-balanced",
        version="1",
        summary="Shrinks the filters with the smallest L1 norm and strengthens the others as much.",
        reference="Ding et al., Auto-Balanced Filter Pruning for Efficient CNNs, AAAI 2018",
        target=f"{_HERE}.auto_balanced:AutoBalanced",
        strategy="regularised",
        authors_schedule="all layers at once, ever more filters, then fine-tuning; length unknown",
        options={"alpha": 5e-4},
    ),
    MethodRecord(
        name="greg-1",
        version="1",
        summary="Picks filters by L1 norm, lets their weight decay grow, and removes them.",
        reference="Wang et al., Neural Pruning via Growing Regularization, ICLR 2021",
        target=f"{_HERE}.greg:Greg1",
        strategy="regularised",
        authors_epochs=108.0,
        authors_schedule="ImageNet: penalty grows for 50 000 iterations of 256 and stays for "
        "40 000 (18 epochs), then 90 epochs of retraining",
        options={"ceiling": 1.0, "ramp": 5 / 9},
    ),
    MethodRecord(
        name="group-sparsity",
        version="1",
        summary="Shrinks all weights of weak channels, next layers' included, then removes those.",
        reference="Fang et al., DepGraph: Towards Any Structural Pruning, CVPR 2023",
        target=f"{_HERE}.group_sparsity:GroupSparsity",
        strategy="regularised",
        allocation="global",
        authors_epochs=200.0,
        authors_schedule="CIFAR: 100 epochs of sparse training, 100 of fine-tuning",
        options={"strength": 5e-4, "alpha": 4.0},
    ),
    MethodRecord(
        name="play-and-prune",
        version="1",
        summary="Pushes and cuts weak filters as fast as the loss it watches allows.",
        reference="Singh et al., Play and Prune, IJCAI 2019",
        target=f"{_HERE}.play_and_prune:PlayAndPrune",
        strategy="own",
        data="labels",
        authors_schedule="prunes and fine-tunes in turn until accuracy falls by the tolerance",
        options={"strength": 5e-4, "share": 0.1, "tolerance": 0.1, "speed": 2.0, "rounds": 5},
    ),
]
