"""A recalibrated copy holds the plain average of the statistics of its batches."""

from __future__ import annotations

import torch
from torch import nn

from reidbench.engine.pruning.calibration import recalibrated
from reidbench.engine.training import Network


def network():
    backbone = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.Dropout(0.5),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return Network(backbone, 4, 3, bnneck=True)


def batches():
    dice = torch.Generator().manual_seed(0)
    return [torch.randn(8, 3, 10, 6, generator=dice) * scale for scale in (1.0, 2.0, 5.0)]


def test_statistics_are_the_plain_average_over_the_batches():
    net = network()
    norm = recalibrated(net, batches()).backbone[1]
    maps = [net.backbone[0](batch) for batch in batches()]
    means = torch.stack([m.mean(dim=(0, 2, 3)) for m in maps]).mean(dim=0)
    variances = torch.stack([m.var(dim=(0, 2, 3)) for m in maps]).mean(dim=0)
    torch.testing.assert_close(norm.running_mean, means)
    torch.testing.assert_close(norm.running_var, variances)
    assert norm.num_batches_tracked == 3
    assert norm.momentum == 0.1


def test_the_bnneck_is_recalibrated_too_and_dropout_is_off():
    first, second = (recalibrated(network_of(0), batches()) for _ in range(2))
    assert first.neck.running_mean.any()
    assert torch.equal(first.neck.running_mean, second.neck.running_mean)


def network_of(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return network()


def test_the_network_itself_and_the_random_state_stay_as_they_were():
    net = network().train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    random = torch.get_rng_state()
    copy = recalibrated(net, batches())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(module.training for module in net.modules())
    assert torch.equal(torch.get_rng_state(), random)
    weights = dict(copy.named_parameters())
    assert all(torch.equal(p, weights[name]) for name, p in net.named_parameters())
    assert not any(weights[name] is p for name, p in net.named_parameters())


def test_what_the_network_knew_before_does_not_matter():
    first, second = network_of(0), network_of(0)
    second.backbone[1].running_mean.fill_(1e6)
    states = [recalibrated(net, batches()).state_dict() for net in (first, second)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
