"""Which classes synthshapes has, how its splits are laid out, and that they can be learnt."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidbench.api import ClassificationData, DataError
from reidbench_plugins.datasets.synthshapes import RECORDS
from reidbench_plugins.datasets.synthshapes.__main__ import main
from reidbench_plugins.datasets.synthshapes.dataset import compose, load, load_quick
from reidbench_plugins.datasets.synthshapes.kinds import KINDS
from reidbench_plugins.datasets.synthshapes.picture import draw_picture

SETS = [
    pytest.param(load(), 96, 100, id="synthshapes"),
    pytest.param(load_quick(), 48, 40, id="synthshapes-quick"),
]
ATTRIBUTES = ("outline", "texture", "part", "palette")


def attributes(number: int, *names: str) -> tuple[str, ...]:
    return tuple(getattr(KINDS[number], name) for name in names)


class TestClasses:
    def test_no_two_classes_are_the_same(self) -> None:
        assert len({attributes(n, *ATTRIBUTES) for n in range(96)}) == len(KINDS) == 96
        assert [kind.number for kind in KINDS] == list(range(96))

    def test_every_attribute_is_needed(self) -> None:
        for missing in ATTRIBUTES[1:]:
            seen = Counter(
                attributes(n, *(name for name in ATTRIBUTES if name != missing)) for n in range(96)
            )
            assert set(seen.values()) == {2}

    def test_no_texture_part_or_palette_tells_the_outline(self) -> None:
        for name, outlines in (("texture", 3), ("part", 3), ("palette", 4)):
            pairs = {attributes(n, name, "outline") for n in range(96)}
            assert set(Counter(value for value, _ in pairs).values()) == {outlines}

    def test_in_the_quick_set_any_two_attributes_vary_independently(self) -> None:
        for one, two in combinations(ATTRIBUTES[1:], 2):
            seen = Counter(attributes(n, "outline", one, two) for n in range(48))
            assert len(seen) == 48

    def test_names_sort_as_the_labels_do(self) -> None:
        names = [kind.name for kind in KINDS]
        assert names == sorted(names)
        assert names[0] == "00-disc-hoops-legs-ember"


@pytest.mark.parametrize(("data", "classes", "images"), SETS)
class TestSets:
    def test_sizes_are_those_promised(
        self, data: ClassificationData, classes: int, images: int
    ) -> None:
        assert len(data.train) == classes * images
        assert data.train.labels.dtype == np.int64
        assert Counter(data.train.labels.tolist()) == dict.fromkeys(range(classes), images)

    def test_it_says_that_it_is_drawn(
        self, data: ClassificationData, classes: int, images: int
    ) -> None:
        assert data.drawn

    def test_names_say_the_class(self, data: ClassificationData, classes: int, images: int) -> None:
        folders = [name.split("/")[0] for name in data.train.names]
        assert folders == [KINDS[label].name for label in data.train.labels]

    def test_every_image_is_its_own_class_and_number(
        self, data: ClassificationData, classes: int, images: int
    ) -> None:
        for i in (0, images - 1, images, classes * images - 1):
            kind = KINDS[data.train.labels[i]]
            assert np.array_equal(data.train.read(i), draw_picture(kind, 0, i % images))

    def test_there_is_no_image_after_the_last(
        self, data: ClassificationData, classes: int, images: int
    ) -> None:
        with pytest.raises(IndexError):
            data.train.read(classes * images)


def test_a_picture_is_the_same_in_the_small_and_the_full_set() -> None:
    full, quick = load().train, load_quick().train
    name = f"{KINDS[47].name}/0039.png"
    one, two = (part.read(part.names.index(name)) for part in (full, quick))
    assert np.array_equal(one, two)


def test_another_seed_draws_other_pictures_and_has_another_fingerprint() -> None:
    one, two = load_quick(), load_quick(seed=1)
    assert not np.array_equal(one.train.read(3), two.train.read(3))
    assert one.fingerprint != two.fingerprint
    assert one.fingerprint == load_quick().fingerprint


def test_a_reader_survives_the_way_into_a_worker_process() -> None:
    train = load_quick().train
    sent = pickle.dumps(train.reader)
    assert len(sent) < 10_000
    assert np.array_equal(pickle.loads(sent)(41), train.read(41))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": -1}, "seed is -1; choose a value from 0"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"classes": 1}, "classes is 1; choose a value from 2 to 96"),
        ({"classes": 97}, "classes is 97"),
        ({"images": 0}, "images is 0"),
    ],
)
def test_sizes_out_of_range_are_refused(change: dict[str, int], words: str) -> None:
    with pytest.raises(DataError, match=words):
        compose("wrong", **{"classes": 4, "images": 2, "seed": 0, **change})


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_record_loads_the_set_of_its_name(record) -> None:  # type: ignore[no-untyped-def]
    data = record.build({"seed": 3})
    assert isinstance(data, ClassificationData)
    assert (data.name, data.drawn, record.drawn) == (record.name, True, True)
    assert record.task == "classification"
    assert data.train.digest == "seed 3"


def test_discovery_imports_no_array_library() -> None:
    code = (
        "import sys, reidbench_plugins.datasets.synthshapes, reidbench_plugins.datasets.imagefolder"
        "; print(sorted({'numpy', 'PIL', 'torch'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_contact_sheet_is_drawn_from_the_command_line(tmp_path: Path) -> None:
    sheet = tmp_path / "docs" / "sheet.png"
    assert main([str(sheet)]) == 0
    width, height = Image.open(sheet).size
    assert width > 12 * 64
    assert height > 4 * 128
    assert sheet.stat().st_size < 300_000
    assert main([]) == 2


@pytest.mark.nightly
def test_a_network_learns_the_classes_and_tells_new_pictures_of_them() -> None:
    torch = pytest.importorskip("torch")
    from torchvision.models import resnet18

    def small(images: list[np.ndarray]):  # type: ignore[no-untyped-def]
        halves = np.stack([i.reshape(64, 2, 32, 2, 3).mean((1, 3)) for i in images])
        return torch.from_numpy(halves).permute(0, 3, 1, 2).float() / 64 - 2

    kinds, steps = KINDS[:48], 200
    inputs = small([draw_picture(kind, 0, i) for kind in kinds for i in range(40)])
    labels = torch.arange(48).repeat_interleave(40)
    torch.manual_seed(0)
    network = resnet18(num_classes=48)
    optimiser = torch.optim.SGD(network.parameters(), 0.1, 0.9, nesterov=True, weight_decay=5e-4)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=steps)
    for _ in range(steps):
        batch = torch.randint(len(labels), (64,))
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(inputs[batch]), labels[batch])
        loss.backward()
        optimiser.step()
        rate.step()
    network.eval()
    fresh = small([draw_picture(kind, 0, 1000 + i) for kind in kinds for i in range(5)])
    with torch.no_grad():
        right = network(fresh).argmax(1) == torch.arange(48).repeat_interleave(5)
    assert right.float().mean() > 0.3
