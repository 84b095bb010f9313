"""Images are decoded once, at the protocol's size, and kept in the store."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reidbench.api.records import DatasetRecord
from reidbench.config.protocol import InputRules
from tests.engine.phases.pictures import READ, tiny
from tests.engine.phases.world import OTHER, configured, protocol

INPUT = protocol().input
COUNTED = configured(DatasetRecord, "counted", "tests.engine.phases.pictures:counted")


@pytest.fixture(autouse=True)
def forget():
    READ.clear()


def resized(height, width):
    return InputRules(height=height, width=width, mean=INPUT.mean, std=INPUT.std)


@pytest.mark.parametrize(("height", "width"), [(32, 16), (20, 12), (50, 40)])
def test_pixels_are_those_of_pils_bilinear_resize(fresh, height, width):
    images = fresh.context().train_images(COUNTED, resized(height, width))
    assert images.pixels.shape == (96, 3, height, width)
    assert images.pixels.dtype == torch.uint8
    split = tiny().train
    for index in (0, 17, 95):
        picture = Image.fromarray(split.read(index))
        expected = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
        assert np.array_equal(images.pixels[index].permute(1, 2, 0).numpy(), expected)


def test_labels_are_people_renumbered_in_ascending_order(fresh):
    images = fresh.context().train_images(COUNTED, INPUT)
    assert images.labels.tolist() == [person for person in range(12) for _ in range(8)]
    assert images.labels.dtype == torch.int64
    assert fresh.context().train_images(OTHER, INPUT).identities == 6


def test_each_image_is_decoded_once_in_a_run(fresh):
    context = fresh.context()
    first = context.train_images(COUNTED, INPUT)
    assert context.train_images(COUNTED, INPUT).pixels is first.pixels
    assert len(READ) == 96


def test_a_later_run_takes_the_pixels_from_the_store(fresh):
    first = fresh.context().train_images(COUNTED, INPUT)
    READ.clear()
    later = fresh.context().train_images(COUNTED, INPUT)
    assert READ == []
    assert torch.equal(first.pixels, later.pixels)


def decoded(fresh):
    """Return the folder of the training pixels, which are decoded, and what they are."""
    pixels = fresh.context().train_images(COUNTED, INPUT).pixels.clone()
    (key,) = fresh.store.artefacts()
    READ.clear()
    return fresh.store.root / key, pixels


def flip_a_bit(folder):
    with (folder / "pixels.npy").open("r+b") as file:
        file.seek(5000)
        byte = file.read(1)[0]
        file.seek(5000)
        file.write(bytes([byte ^ 1]))


def cut_off(folder):
    with (folder / "pixels.npy").open("r+b") as file:
        file.truncate(5000)


def lose(folder):
    (folder / "pixels.npy").unlink()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (flip_a_bit, "pixels.npy is not as it was written (its SHA-256 differs)"),
        (cut_off, "pixels.npy has 5000 bytes in place of 147584"),
        (lose, "pixels.npy is missing"),
    ],
)
def test_damaged_pixels_are_decoded_anew_with_a_warning(fresh, caplog, damage, fault):
    folder, pixels = decoded(fresh)
    damage(folder)
    assert fresh.store.has(folder.name)  # which looks at the notes alone
    context = fresh.context()
    with caplog.at_level("WARNING", logger="reidbench"):
        again = context.train_images(COUNTED, INPUT).pixels
    warned = f"pixels {folder.name} are damaged, decoding anew: {fault}"
    assert [record.getMessage() for record in caplog.records] == [warned]
    assert len(READ) == 96
    assert torch.equal(again, pixels)
    # The store has the new ones.
    assert torch.equal(fresh.context().train_images(COUNTED, INPUT).pixels, pixels)
    assert len(READ) == 96


def test_whole_pixels_are_taken_without_a_word(fresh, caplog):
    decoded(fresh)
    context = fresh.context()
    with caplog.at_level("INFO", logger="reidbench"):
        context.train_images(COUNTED, INPUT)
    assert (caplog.records, READ, context.decoding) == ([], [], [])


def bytes_read(call):
    def so_far():
        return int(Path("/proc/self/io").read_text().split()[1])

    before = so_far()
    call()
    return so_far() - before


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts what a process reads")
def test_one_process_of_a_machine_reads_pixels_to_verify_them(fresh):
    folder, pixels = decoded(fresh)
    asked = partial(fresh.context().train_images, COUNTED, INPUT)
    assert bytes_read(asked) < pixels.numel() / 2, "they have just been written"
    (folder / "pixels.npy").touch()
    again = partial(fresh.context().train_images, COUNTED, INPUT)
    assert bytes_read(again) >= pixels.numel(), "they may have changed"
    third = partial(fresh.context().train_images, COUNTED, INPUT)
    assert bytes_read(third) < pixels.numel() / 2


def test_pixels_from_before_digests_were_kept_are_taken_as_they_are(fresh):
    folder, pixels = decoded(fresh)
    notes = fresh.store.meta(folder.name)
    (folder / "meta.json").write_text(json.dumps({"kind": notes["kind"], "wall": notes["wall"]}))
    assert torch.equal(fresh.context().train_images(COUNTED, INPUT).pixels, pixels)
    assert READ == []


def test_what_decoding_took_is_noted_for_the_accounts_and_in_the_store(fresh):
    context = fresh.context()
    context.train_images(COUNTED, INPUT)
    context.train_images(COUNTED, INPUT)
    (taken,) = context.decoding
    (key,) = fresh.store.artefacts()
    noted = fresh.store.meta(key)
    assert taken["seconds"] == noted["seconds"] and set(taken["seconds"]) == {"decoding"}
    assert taken["seconds"]["decoding"] - 0.001 <= noted["wall"] <= taken["wall"]


def test_another_size_is_decoded_anew(fresh):
    context = fresh.context()
    context.train_images(COUNTED, INPUT)
    context.train_images(COUNTED, resized(20, 12))
    assert len(READ) == 192


def test_training_images_alone_are_read_for_training(fresh):
    fresh.context().train_images(COUNTED, INPUT)
    assert all(name.startswith("train/") for name in READ)


def test_test_images_come_with_their_identities_and_cameras(fresh):
    (query, asked), (gallery, shown) = fresh.context().test_images(COUNTED, INPUT)
    assert (len(query), len(gallery)) == (len(asked), len(shown)) == (12, 24)
    assert asked.pids.tolist() == tiny().query.pids.tolist()
    assert {name.split("/")[0] for name in READ} == {"query", "gallery"}


def test_grey_images_become_rgb(fresh):
    grey = configured(DatasetRecord, "grey", "tests.engine.phases.pictures:grey")
    pixels = fresh.context().train_images(grey, INPUT).pixels
    assert torch.equal(pixels[:, 0], pixels[:, 1])


def test_an_interrupted_decoding_leaves_nothing_behind(fresh):
    def interrupt(done, total, note):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fresh.context(interrupt).train_images(COUNTED, INPUT)
    assert list(fresh.store.root.iterdir()) == []
    READ.clear()
    fresh.context().train_images(COUNTED, INPUT)
    assert len(READ) == 96


def test_listeners_hear_of_every_decoded_image(fresh):
    heard = []
    fresh.context(lambda *event: heard.append(event)).train_images(COUNTED, INPUT)
    assert heard == [(32, 96, "train images"), (64, 96, "train images"), (96, 96, "train images")]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_pixels_do_not_depend_on_the_number_of_threads(fresh, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        images = fresh.context().train_images(COUNTED, INPUT)
    finally:
        torch.set_num_threads(before)
    split = tiny().train
    assert sorted(READ) == sorted(split.names)
    for index in range(96):
        picture = Image.fromarray(split.read(index)).resize(
            (INPUT.width, INPUT.height), Image.Resampling.BILINEAR
        )
        assert np.array_equal(images.pixels[index].permute(1, 2, 0).numpy(), np.asarray(picture))
