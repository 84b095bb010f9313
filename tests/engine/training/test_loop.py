"""Training is a fixed number of steps that depends on the seed alone, however it is cut up."""

from __future__ import annotations

import pytest
import torch

from reidbench.engine.training.schedule import learning_rate_factor
from reidbench.errors import Diverged
from tests.engine.training.networks import network, people, rules, trainer


def trained(*pieces, net_seed=0, seed=0, dropout=0.0, **changes):
    net = network(net_seed, dropout)
    training = trainer(net, seed=seed, **changes)
    for steps in pieces or (10,):
        training.train(steps)
    return net.state_dict()


def equal(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_loss_falls():
    losses = []
    steps = trainer(
        network(),
        epochs=20,
        on_step=lambda done, steps, loss: losses.append(loss),
        optimiser={"name": "adam", "learning_rate": 0.01, "weight_decay": 0},
        augment={"flip": 0.5, "pad": 2, "erase": 0},
    )
    steps.train(steps.steps)
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


@pytest.mark.parametrize(("epochs", "steps"), [(3.4, 10), (1, 3), (0.01, 1), (0, 0)])
def test_a_phase_has_its_epochs_worth_of_steps_and_at_least_one(epochs, steps):
    assert trainer(network(), epochs=epochs).steps == steps


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_cutting_the_phase_into_pieces_changes_nothing(dropout):
    whole = trained(10, dropout=dropout)
    assert equal(whole, trained(3, 7, dropout=dropout))
    assert equal(whole, trained(*[1] * 10, dropout=dropout))


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_a_seed_repeats_the_weights_bit_for_bit_and_another_does_not(name):
    optimiser = {"name": name, "learning_rate": 0.01, "weight_decay": 5e-4}
    first = trained(optimiser=optimiser)
    assert equal(first, trained(optimiser=optimiser))
    assert not equal(first, trained(optimiser=optimiser, seed=1))


def test_channels_last_is_an_order_in_memory_and_changes_no_weight_by_more_than_rounding():
    plain, last = trained(), trained(memory_format="channels_last")
    assert all(torch.allclose(plain[name], last[name], atol=1e-4) for name in plain)
    assert equal(last, trained(3, 7, memory_format="channels_last"))
    weight = last["backbone.conv2.weight"]
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()


def test_weights_that_are_cut_between_two_steps_are_trained_with_the_channels_last_again():
    net = network()
    training = trainer(net, memory_format="channels_last")
    training.train(3)
    conv = net.backbone.conv2
    conv.weight = torch.nn.Parameter(conv.weight.detach().contiguous())
    training.train(3)
    assert conv.weight.is_contiguous(memory_format=torch.channels_last)


def test_dropout_depends_on_the_seed_and_not_on_the_global_random_state():
    torch.manual_seed(1)
    first = trained(dropout=0.5)
    torch.manual_seed(2)
    assert equal(first, trained(dropout=0.5))
    assert not equal(first, trained(dropout=0.4))


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_training_leaves_the_global_random_state_alone(dropout):
    before = torch.get_rng_state()
    trained(dropout=dropout)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_learning_rate_follows_one_curve_over_the_whole_phase():
    training = trainer(network())
    rates = []
    for steps in (2, 5, 3):
        for _ in range(steps):
            training.train(1)
            rates.append(training.optimiser.param_groups[0]["lr"])
    expected = [0.001 * learning_rate_factor(i, 10, rules().schedule) for i in range(10)]
    assert rates == expected


def test_a_stage_may_have_a_peak_of_its_own():
    training = trainer(network(), learning_rate=0.02)
    rates = []
    for _ in range(10):
        training.train(1)
        rates.append(training.optimiser.param_groups[0]["lr"])
    assert rates == [0.02 * learning_rate_factor(i, 10, rules().schedule) for i in range(10)]


def test_listeners_hear_of_every_step():
    heard = []
    trainer(network(), on_step=lambda *event: heard.append(event[:2])).train(4)
    assert heard == [(1, 10), (2, 10), (3, 10), (4, 10)]


def test_epochs_count_what_was_spent():
    training = trainer(network())
    training.train(6)
    assert training.epochs == 2


def test_more_steps_than_the_phase_has_left_are_refused():
    training = trainer(network())
    training.train(8)
    with pytest.raises(ValueError, match="3 steps asked for, 2 left"):
        training.train(3)
    assert training.done == 8


def test_a_loss_that_is_not_finite_ends_the_training_before_it_ruins_the_weights():
    net = network()
    training = trainer(net)
    training.train(1)
    with torch.no_grad():
        net.classifier.weight.fill_(torch.inf)
    backbone = net.backbone.conv1.weight.clone()
    with pytest.raises(Diverged, match=r"loss is nan at step 2 of 10"):
        training.train(9)
    assert torch.equal(net.backbone.conv1.weight, backbone)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_network_computes_in_the_protocols_precision(precision):
    net, seen = network(), set()
    net.backbone.conv2.register_forward_hook(lambda _, inputs, output: seen.add(output.dtype))
    trainer(net, precision=precision).train(1)
    assert seen == {getattr(torch, precision)}
    assert {p.dtype for p in net.parameters()} == {torch.float32}


def test_the_network_trains_in_training_mode_whatever_was_done_between():
    net = network()
    training = trainer(net)
    training.train(1)
    net.eval()
    training.train(1)
    assert net.backbone.bn1.num_batches_tracked == 2


def test_frozen_parameters_are_not_trained():
    net = network()
    net.backbone.conv1.weight.requires_grad_(False)
    before = net.backbone.conv1.weight.clone()
    trainer(net).train(3)
    assert torch.equal(net.backbone.conv1.weight, before)


def test_images_know_how_many_people_they_show():
    images = people()
    assert (len(images), images.identities) == (48, 6)
