"""Augments and normalises whole batches as tensors, with no Python per image."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reidbench.config.protocol import AugmentRules, InputRules

ERASED_AREA = (0.02, 0.4)
"""Share of the image that random erasing covers (Zhong et al. 2020, section 3.2)."""
ERASED_ASPECT = (0.3, 1 / 0.3)
"""Height to width of the erased rectangle (Zhong et al. 2020)."""


def normalise(pixels: Tensor, rules: InputRules) -> Tensor:
    """Return float32 images: uint8 (n, 3, h, w) scaled to [0, 1], less the mean, over the std."""
    return _scaled(pixels, rules).contiguous(memory_format=torch.channels_last)


def augment(
    pixels: Tensor, rules: AugmentRules, input_rules: InputRules, random: torch.Generator
) -> Tensor:
    """Return augmented, normalised images: flip, padded crop, then random erasing.

    Padding is black; erased rectangles hold the mean colour, which is zero after normalisation.
    """
    images = _scaled(_crop_and_flip(pixels, rules, random), input_rules)
    images.masked_fill_(_erased(images, rules.erase, random), 0.0)
    return images.contiguous(memory_format=torch.channels_last)


def skip_augmentation(n: int, rules: AugmentRules, random: torch.Generator) -> None:
    """Draw what ``augment`` draws for ``n`` images, whatever their size."""
    _crop_and_flip(torch.zeros(n, 3, 1, 1, dtype=torch.uint8), rules, random)
    _erased(torch.zeros(n, 3, 1, 1), rules.erase, random)


def _scaled(pixels: Tensor, rules: InputRules) -> Tensor:
    mean = torch.tensor(rules.mean, device=pixels.device).view(3, 1, 1)
    std = torch.tensor(rules.std, device=pixels.device).view(3, 1, 1)
    # In place: fresh memory for every step would cost more than the arithmetic.
    return pixels.float().div_(255).sub_(mean).div_(std)


def _crop_and_flip(pixels: Tensor, rules: AugmentRules, random: torch.Generator) -> Tensor:
    n, _, height, width = pixels.shape
    padded = torch.nn.functional.pad(pixels, [rules.pad] * 4)
    top = torch.randint(2 * rules.pad + 1, (n, 1), generator=random)
    left = torch.randint(2 * rules.pad + 1, (n, 1), generator=random)
    flipped = torch.rand(n, 1, generator=random) < rules.flip
    rows = top + torch.arange(height)
    columns = torch.arange(width)
    columns = left + torch.where(flipped, columns.flip(0), columns)
    # One gather crops and flips the whole batch, plane by plane.
    where = (rows.unsqueeze(2) * padded.shape[3] + columns.unsqueeze(1)).view(n, 1, -1)
    planes = padded.flatten(2).gather(2, where.expand(-1, 3, -1).to(pixels.device))
    return planes.view(n, 3, height, width)


def _erased(images: Tensor, probability: float, random: torch.Generator) -> Tensor:
    """Return a boolean mask (n, 1, h, w) of a rectangle in each image that is erased."""
    n, _, height, width = images.shape
    area = _uniform(n, ERASED_AREA, random) * height * width
    log_aspect = (math.log(ERASED_ASPECT[0]), math.log(ERASED_ASPECT[1]))
    aspect = _uniform(n, log_aspect, random).exp()
    tall = (area * aspect).sqrt().round().clamp(1, height)
    wide = (area / aspect).sqrt().round().clamp(1, width)
    top = (torch.rand(n, generator=random) * (height - tall + 1)).floor()
    left = (torch.rand(n, generator=random) * (width - wide + 1)).floor()
    hit = torch.rand(n, generator=random) < probability
    rows = _between(top, tall, height) & hit.unsqueeze(1)
    columns = _between(left, wide, width)
    mask = rows.view(n, 1, height, 1) & columns.view(n, 1, 1, width)
    return mask.to(images.device)


def _uniform(n: int, bounds: tuple[float, float], random: torch.Generator) -> Tensor:
    low, high = bounds
    return low + (high - low) * torch.rand(n, generator=random)


def _between(start: Tensor, length: Tensor, size: int) -> Tensor:
    positions = torch.arange(size)
    return (positions >= start.unsqueeze(1)) & (positions < (start + length).unsqueeze(1))
