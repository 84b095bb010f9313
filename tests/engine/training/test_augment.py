"""The batched augmentation does what a loop over images does, with the same draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.config.protocol import AugmentRules, InputRules
from reidbench.engine.training.augment import ERASED_AREA, ERASED_ASPECT, augment, normalise

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
UNTOUCHED = AugmentRules(flip=0, pad=0, erase=0)


def rules_for(pixels):
    return InputRules(height=pixels.shape[2], width=pixels.shape[3], mean=MEAN, std=STD)


def random_pixels(n=6, height=12, width=8, seed=0):
    dice = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, 3, height, width), dtype=torch.uint8, generator=dice)


def augmented(pixels, rules, seed=0):
    return augment(pixels, rules, rules_for(pixels), torch.Generator().manual_seed(seed))


def reference(pixels, rules, seed=0):
    """Augment one image after another with NumPy, from the documented draws in their order."""
    n, _, height, width = pixels.shape
    dice = torch.Generator().manual_seed(seed)
    tops, lefts = (torch.randint(2 * rules.pad + 1, (n, 1), generator=dice) for _ in range(2))
    flips = torch.rand(n, 1, generator=dice)
    areas, aspects, downs, rights, hits = (torch.rand(n, generator=dice) for _ in range(5))
    images = []
    for i, picture in enumerate(pixels.permute(0, 2, 3, 1).numpy()):
        padded = np.pad(picture, [(rules.pad, rules.pad), (rules.pad, rules.pad), (0, 0)])
        image = padded[tops[i, 0] : tops[i, 0] + height, lefts[i, 0] : lefts[i, 0] + width]
        if flips[i, 0] < rules.flip:
            image = image[:, ::-1]
        image = ((image / 255 - MEAN) / STD).astype(np.float32)
        if hits[i] < rules.erase:
            share = ERASED_AREA[0] + (ERASED_AREA[1] - ERASED_AREA[0]) * areas[i].item()
            low, high = map(math.log, ERASED_ASPECT)
            aspect = math.exp(low + (high - low) * aspects[i].item())
            tall = min(max(round(math.sqrt(share * height * width * aspect)), 1), height)
            wide = min(max(round(math.sqrt(share * height * width / aspect)), 1), width)
            top = int(downs[i].item() * (height - tall + 1))
            left = int(rights[i].item() * (width - wide + 1))
            image[top : top + tall, left : left + wide] = 0
        images.append(torch.from_numpy(image.copy()).permute(2, 0, 1))
    return torch.stack(images)


@given(
    seed=st.integers(0, 10**6),
    height=st.integers(4, 20),
    width=st.integers(4, 20),
    pad=st.integers(0, 5),
    flip=st.sampled_from([0.0, 0.5, 1.0]),
    erase=st.sampled_from([0.0, 0.5, 1.0]),
)
# The same examples every time: one in a million draws lies where float32 rounds the other way.
@settings(max_examples=60, derandomize=True)
def test_a_batch_is_augmented_as_a_loop_over_its_images_would(
    seed, height, width, pad, flip, erase
):
    pixels = random_pixels(5, height, width, seed)
    rules = AugmentRules(flip=flip, pad=pad, erase=erase)
    torch.testing.assert_close(augmented(pixels, rules, seed), reference(pixels, rules, seed))


def test_normalising_keeps_the_order_of_colours_rows_and_columns():
    pixels = torch.zeros(1, 3, 6, 4, dtype=torch.uint8)
    pixels[0, 0, 5, 1] = 255  # a red dot at the bottom
    images = normalise(pixels, rules_for(pixels))
    assert images.shape == (1, 3, 6, 4)
    assert images.dtype == torch.float32
    for channel in range(3):
        black = -MEAN[channel] / STD[channel]
        assert images[0, channel, 0, 0].item() == pytest.approx(black)
    assert images[0, 0, 5, 1].item() == pytest.approx((1 - MEAN[0]) / STD[0])


def test_normalising_twice_gives_the_same_and_leaves_the_pixels_alone():
    pixels = random_pixels()
    before = pixels.clone()
    first = normalise(pixels, rules_for(pixels))
    kept = first.clone()
    second = normalise(pixels, rules_for(pixels))
    assert torch.equal(pixels, before)
    assert torch.equal(first, kept)
    assert torch.equal(first, second)


def test_augmenting_leaves_the_pixels_alone():
    pixels = random_pixels()
    before = pixels.clone()
    augmented(pixels, AugmentRules(flip=1, pad=2, erase=1))
    assert torch.equal(pixels, before)


def test_with_every_probability_zero_augmenting_is_normalising():
    pixels = random_pixels()
    assert torch.equal(augmented(pixels, UNTOUCHED), normalise(pixels, rules_for(pixels)))


def test_with_probability_one_every_image_is_flipped():
    pixels = random_pixels()
    flipped = augmented(pixels, AugmentRules(flip=1, pad=0, erase=0))
    assert torch.equal(flipped, normalise(pixels.flip(3), rules_for(pixels)))


def test_a_padded_crop_moves_the_image_by_at_most_the_padding_over_black():
    pixels = torch.full((64, 3, 12, 8), 255, dtype=torch.uint8)
    images = augmented(pixels, AugmentRules(flip=0, pad=2, erase=0))
    white = images[:, 0] > 0
    assert {int(rows.any(1).sum()) for rows in white} == {10, 11, 12}
    assert {int(rows.any(0).sum()) for rows in white} == {6, 7, 8}
    black = torch.tensor(MEAN) / torch.tensor(STD)
    torch.testing.assert_close(images.amin(dim=(0, 2, 3)), -black)


def test_with_probability_one_every_image_loses_one_rectangle_to_the_mean_colour():
    pixels = torch.full((400, 3, 64, 32), 255, dtype=torch.uint8)
    erased = (augmented(pixels, AugmentRules(flip=0, pad=0, erase=1)) == 0).all(dim=1)
    shares = erased.float().mean(dim=(1, 2))
    # Whole pixels round the sides, by at most one sixth of a side of three pixels.
    assert shares.min() > ERASED_AREA[0] * 0.7
    assert shares.max() < ERASED_AREA[1] * 1.05
    assert 0.15 < shares.mean() < 0.25
    for mask in erased:
        rows, columns = mask.any(dim=1), mask.any(dim=0)
        assert torch.equal(mask, rows.unsqueeze(1) & columns.unsqueeze(0))
        for side in (rows, columns):
            ends = side.nonzero().flatten()
            assert len(ends) == ends[-1] - ends[0] + 1


def test_the_share_of_erased_images_is_the_probability():
    pixels = torch.full((600, 3, 16, 8), 255, dtype=torch.uint8)
    images = augmented(pixels, AugmentRules(flip=0, pad=0, erase=0.3))
    assert (images == 0).any(dim=(1, 2, 3)).float().mean().item() == pytest.approx(0.3, abs=0.06)
