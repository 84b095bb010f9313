"""Statistics of feature maps equal those of a loop over single images, and disturb nothing."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from reidbench.api.tasks import RankingTask
from reidbench.engine.channels import PruningPlan, capture, view
from reidbench.engine.modes import evaluating
from reidbench.engine.pruning.calibration import calibration_batches
from reidbench.engine.pruning.layer_samples import Anchor
from reidbench.engine.pruning.losses import ProtocolLosses
from reidbench.engine.pruning.ranking import Ranking, RankingContext
from reidbench.engine.training import Images, Network, generator
from reidbench.engine.training.losses import training_loss
from reidbench.errors import MethodError
from tests.engine.phases.criteria import ByNorm, taylor
from tests.engine.phases.world import CPU, method, protocol

SIZE = (3, 32, 16)
RULES = protocol()


class Blocks(nn.Module):
    """A stem and a torchvision residual block, whose ReLU works in place and is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 4, 1, bias=False), nn.BatchNorm2d(8))
        self.block = BasicBlock(8, 8)
        self.embed = nn.Conv2d(8, 5, 1)

    def forward(self, images):
        maps = self.block(torch.relu(self.stem(images)))
        return self.embed(maps).mean(dim=(2, 3))


class Shared(nn.Module):
    """One layer that runs twice in a forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 4, 1)
        self.twice = nn.Conv2d(8, 8, 1)
        self.embed = nn.Conv2d(8, 5, 1)

    def forward(self, images):
        maps = self.stem(images)
        maps = self.twice(torch.relu(self.twice(torch.relu(maps))))
        return self.embed(maps).mean(dim=(2, 3))


def network(backbone, seed=0):
    """Return a network with live batch-norm statistics."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Network(backbone(), 5, 6, bnneck=True)
        for module in net.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
                module.weight.data.uniform_(0.5, 1.5)
                module.bias.data.normal_(std=0.5)
        net.classifier.weight.data.normal_()
    return net.train()


def pictures():
    dice = torch.Generator().manual_seed(2)
    pixels = torch.randint(256, (48, *SIZE), dtype=torch.uint8, generator=dice)
    return Images(pixels, torch.arange(6).repeat_interleave(8))


def calibration(rules=RULES):
    """Return the batches that rankings here look at."""
    return calibration_batches(pictures(), rules, generator(0, "calibration"), CPU)


def task(net, scope="all", batches=None, **changes):
    """Return a ranking of a whole network, which is its own anchor."""
    rules = protocol(pruning={"scope": scope}, **changes)
    graph = capture(net.backbone, SIZE)
    context = RankingContext(
        whole=net,
        calibration=batches or calibration(rules),
        losses=ProtocolLosses(rules),
        reduction=0.5,
        anchor=Anchor(net, graph, PruningPlan.everything(graph)),
    )
    return Ranking(
        context,
        method="tester",
        data="labels",
        groups=[view(net.backbone, graph, group) for group in graph.in_scope(scope)],
        generator=generator(0, "ranking"),
    )


def loop_over_images(asked, names):
    """Return Taylor's statistic by layer, one batch loss, the maps rebuilt layer by layer."""
    net = copy.deepcopy(asked.whole).eval()
    backbone, block = net.backbone, net.backbone.block
    totals, count = dict.fromkeys(names, 0.0), 0
    for images, labels in calibration():
        stem = backbone.stem(images)
        first = block.bn1(block.conv1(torch.relu(stem)))
        second = block.bn2(block.conv2(torch.relu(first)))
        embeddings = backbone.embed(torch.relu(second + torch.relu(stem))).mean(dim=(2, 3))
        logits = net.classifier(net.neck(embeddings))
        loss = training_loss(embeddings, logits, labels, RULES.training.loss)
        maps = {"stem.0": stem, "block.conv1": first, "block.conv2": second}
        slopes = dict(zip(maps, torch.autograd.grad(loss, list(maps.values())), strict=True))
        for name in names:
            for image in range(len(images)):
                per_image = []
                for channel in range(8):
                    z, g = maps[name][image, channel], slopes[name][image, channel]
                    per_image.append(abs((z * g).mean().item()))
                totals[name] = totals[name] + torch.tensor(per_image)
        count += len(images)
    return {name: total / count for name, total in totals.items()}


def test_the_taylor_statistic_equals_a_loop_over_images_despite_in_place_relus():
    asked = task(network(Blocks))
    means = asked.mean_over_images(taylor, gradients=True)
    expected = loop_over_images(asked, ("stem.0", "block.conv1", "block.conv2"))
    torch.testing.assert_close(means["block.conv1"], expected["block.conv1"])
    # The stream has two producers, the stem and the block: the sum over both.
    stream = expected["stem.0"] + expected["block.conv2"]
    torch.testing.assert_close(means["stem.0"], stream)
    assert all(values.dtype == torch.float32 for values in means.values())


def test_without_gradients_the_statistic_sees_maps_alone():
    asked = task(network(Blocks), scope="inner")
    given = []

    def mean(maps, gradients):
        given.append(gradients)
        assert not maps.requires_grad
        return maps.mean(dim=(2, 3))

    means = asked.mean_over_images(mean)
    assert set(given) == {None}
    net = copy.deepcopy(asked.whole).eval()
    backbone, block = net.backbone, net.backbone.block
    images = torch.cat([images for images, _ in calibration()])
    first = block.bn1(block.conv1(torch.relu(backbone.stem(images))))
    torch.testing.assert_close(means["block.conv1"], first.mean(dim=(0, 2, 3)).detach())


def test_the_mean_weighs_images_equally_whatever_the_batches():
    net = network(Blocks)
    images, labels = (torch.cat(parts) for parts in zip(*calibration(), strict=True))
    uneven = [(images[:20], labels[:20]), (images[20:], labels[20:])]
    one, other = task(net), task(net, batches=uneven)

    def mean(maps, _):
        return maps.mean(dim=(2, 3))

    torch.testing.assert_close(
        one.mean_over_images(mean)["block.conv1"], other.mean_over_images(mean)["block.conv1"]
    )


def test_a_layer_that_runs_twice_counts_twice():
    asked = task(network(Shared))
    group = next(g for g in asked.groups if len(g.observed) >= 1 and "stem" in g.name)
    backbone = asked.network
    images = torch.cat([images for images, _ in calibration()])
    with torch.no_grad():
        stem = backbone.stem(images)
        once = backbone.twice(torch.relu(stem))
        twice = backbone.twice(torch.relu(once))
    expected = sum(maps.mean(dim=(0, 2, 3)) for maps in (stem, once, twice))
    means = asked.mean_over_images(lambda maps, _: maps.mean(dim=(2, 3)))
    torch.testing.assert_close(means[group.name], expected)


def test_ranking_leaves_weights_statistics_flags_and_gradients_alone():
    asked = task(network(Blocks))
    net = asked.whole
    net.backbone.block.bn1.eval()  # an odd flag, to be put back as it was
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    flags = [module.training for module in net.modules()]
    asked.mean_over_images(taylor, gradients=True)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert [module.training for module in net.modules()] == flags
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())


def test_flags_and_hooks_are_put_back_when_a_statistic_fails():
    asked = task(network(Blocks))
    with pytest.raises(RuntimeError, match="trouble"):
        asked.mean_over_images(failing)
    assert all(module.training for module in asked.whole.modules())
    assert not any(module._forward_hooks for module in asked.whole.modules())
    assert torch.is_grad_enabled()


def failing(maps, gradients):
    raise RuntimeError("trouble")


def test_evaluating_puts_every_flag_back():
    net = network(Blocks)
    net.backbone.stem.eval()
    with evaluating(net):
        assert not any(module.training for module in net.modules())
    assert net.training
    assert not net.backbone.stem.training


def test_maps_and_gradients_are_float32_whatever_the_precision():
    asked = task(network(Blocks), training={"precision": "bfloat16"})
    seen = set()

    def noting(maps, gradients):
        seen.update((maps.dtype, gradients.dtype))
        return taylor(maps, gradients)

    half = asked.mean_over_images(noting, gradients=True)
    assert seen == {torch.float32}
    full = task(network(Blocks)).mean_over_images(taylor, gradients=True)
    torch.testing.assert_close(half["block.conv1"], full["block.conv1"], rtol=0.2, atol=1e-3)


@pytest.mark.parametrize(
    ("statistic", "described"),
    [
        (lambda maps, _: maps.mean(dim=(0, 2, 3)), r"\(8,\)"),
        (lambda maps, _: maps, r"\(16, 8, 8, 4\)"),
        (lambda maps, _: maps.mean().item(), "float"),
    ],
)
def test_a_statistic_of_the_wrong_shape_is_refused(statistic, described):
    with pytest.raises(MethodError, match=described) as caught:
        task(network(Blocks)).mean_over_images(statistic)
    words = (
        "method 'tester': the statistic of 'stem.0' must be a tensor (16, 8), images by channels"
    )
    assert str(caught.value).startswith(words)
    assert "mean_over_images()" in str(caught.value)


def test_calibration_batches_hold_people_in_fours_normalised_and_without_augmentation():
    images, batches, again = pictures(), calibration(), calibration()
    assert len(batches) == 2
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (RULES.input.mean, RULES.input.std))
    whole = {tuple(picture.flatten().tolist()) for picture in images.pixels}
    for (batch, labels), (same, _) in zip(batches, again, strict=True):
        assert batch.equal(same)
        assert labels.view(4, 4).eq(labels.view(4, 4)[:, :1]).all()
        pixels = ((batch * std + mean) * 255).round().to(torch.uint8)
        assert {tuple(picture.flatten().tolist()) for picture in pixels} <= whole


def test_a_criterion_sees_the_groups_of_the_protocols_scope_as_they_stand(world):
    sizes = {}

    class Looking(ByNorm):
        def scores(self, group, task):
            sizes[group.name] = (group.size, tuple(group.weight.shape), group.norm_scale.shape)
            return super().scores(group, task)

    phase = world.begin(world.prune(method("ByNorm")), Looking())
    phase.cut(0.5)
    phase.rank()
    assert sizes == {
        name: (width, (width, 16), (width,)) for name, width in phase.prunable.plan.widths.items()
    }


# --- what else a criterion may look at


@pytest.fixture
def asked():
    torch.manual_seed(6)
    return task(network(Blocks))


def test_the_statistics_of_single_images_average_to_the_mean(asked):
    each = asked.over_images(taylor, gradients=True)
    mean = asked.mean_over_images(taylor, gradients=True)
    count = sum(len(images) for images, _ in calibration())
    for name, values in each.items():
        assert values.shape == (count, len(mean[name]))
        torch.testing.assert_close(values.mean(dim=0), mean[name])


def test_activated_maps_are_what_the_next_layer_reads(asked):
    read = []
    reader = asked.network.block.conv2
    hook = reader.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0].clone()))
    maps = asked.over_images(lambda maps, _: maps.amax(dim=(2, 3)), maps="activated")
    hook.remove()
    expected = torch.cat(read).amax(dim=(2, 3)).detach()
    torch.testing.assert_close(maps["block.conv1"], expected)
    normed = asked.over_images(lambda maps, _: maps.amin(dim=(2, 3)))["block.conv1"]
    assert normed.min() < 0


def test_gradients_of_weights_are_those_of_each_batchs_loss(asked):
    found = asked.mean_over_gradients(lambda group: group.gradient.abs().sum(dim=1))
    net, total = asked.whole.eval(), 0.0
    for images, labels in calibration():
        net.zero_grad()
        loss = training_loss(*net.for_training(images), labels, RULES.training.loss)
        loss.backward()
        total = total + net.backbone.block.conv1.weight.grad.flatten(1).abs().sum(dim=1)
    torch.testing.assert_close(found["block.conv1"], total / len(calibration()))


def test_gradients_of_single_images_are_those_of_their_identity_loss(asked):
    found = asked.mean_over_gradients(lambda group: (group.gradient**2).sum(dim=1), per="image")
    net, total, count = asked.whole.eval(), 0.0, 0
    rules = RULES.training.loss
    for images, labels in calibration():
        for image, label in zip(images, labels, strict=True):
            net.zero_grad()
            logits = net.for_training(image[None])[1]
            loss = nn.functional.cross_entropy(
                logits, label[None], label_smoothing=rules.label_smoothing
            )
            (rules.identity * loss).backward()
            total = total + (net.backbone.block.conv1.weight.grad.flatten(1) ** 2).sum(dim=1)
            count += 1
    torch.testing.assert_close(found["block.conv1"], total / count)


def test_gradients_are_gone_after_the_ranking_that_asked_for_them(asked):
    asked.mean_over_gradients(lambda group: group.gradient.sum(dim=1))
    assert all(parameter.grad is None for parameter in asked.whole.parameters())


LOOKS = {
    "images": [
        lambda task: task.mean_over_images(lambda maps, _: maps.mean(dim=(2, 3))),
        lambda task: task.over_images(lambda maps, _: maps.mean(dim=(2, 3))),
        lambda task: task.next_layers(task.groups[0]),
    ],
    "labels": [
        lambda task: task.mean_over_images(taylor, gradients=True),
        lambda task: task.mean_over_gradients(lambda group: group.gradient.sum(dim=1)),
        lambda task: task.loss_after({}),
        lambda task: list(task.images()),
        lambda task: task.loss(torch.zeros(1), torch.zeros(1)),
    ],
}


@pytest.mark.parametrize(
    ("data", "look"), [(data, look) for data, looks in LOOKS.items() for look in looks]
)
def test_a_method_sees_no_more_than_its_record_declares(asked, data, look):
    less = {"images": "weights", "labels": "images"}[data]
    with pytest.raises(MethodError, match=rf"data='{less}'; declare data='{data}'"):
        look(replace(asked, data=less))


def test_gradients_of_activated_maps_are_refused(asked):
    with pytest.raises(MethodError, match="gradients are those of 'normed' maps"):
        asked.over_images(taylor, gradients=True, maps="activated")


@pytest.mark.parametrize("word", ["norm", "activate", "Normed", 1])
@pytest.mark.parametrize("ask", ["mean_over_images", "over_images"])
def test_another_word_for_maps_is_refused(asked, ask, word):
    said = f"maps={word!r} is none of 'normed' or 'activated'"
    with pytest.raises(MethodError, match=f"method 'tester': {said}"):
        getattr(asked, ask)(lambda maps, _: maps.mean(dim=(2, 3)), maps=word)


def test_another_word_for_a_gradients_part_is_refused(asked):
    said = "method 'tester': per='images' is none of 'batch' or 'image'; did you mean 'image'"
    with pytest.raises(MethodError, match=said):
        asked.mean_over_gradients(lambda group: group.gradient.sum(dim=1), per="images")


def test_a_ranking_shows_a_method_what_is_documented_and_no_data(asked):
    documented = {name for name in dir(RankingTask) if not name.startswith("_")}
    of_the_harness = {"method", "data", "whole", "is_for_one_cut", "rests_on_the_loss"}
    assert {name for name in dir(asked) if not name.startswith("_")} == documented | of_the_harness


def test_the_reduction_is_not_to_be_had_without_leave(asked):
    assert not asked.is_for_one_cut
    assert asked.reduction == 0.5
    assert asked.is_for_one_cut
