"""A device is ready for a protocol's precision, or refused with the names that are known."""

from __future__ import annotations

import re

import pytest
import torch

from reidbench.engine.device import peak_gpu_memory, prepare_device, thread_count, torch_version
from reidbench.engine.pruning.torch_settings import TorchSettings
from reidbench.errors import ReidbenchError


@pytest.fixture(autouse=True)
def _settings_are_put_back():
    before = TorchSettings.capture()
    yield
    before.restore()


def test_float32_is_float32_and_convolutions_are_deterministic():
    torch.set_float32_matmul_precision("medium")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.deterministic = False
    assert prepare_device("cpu", None) == torch.device("cpu")
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.deterministic


def test_threads_are_set_when_a_number_is_given_and_left_alone_otherwise():
    torch.set_num_threads(2)
    prepare_device("cpu", None)
    assert thread_count() == 2
    prepare_device("cpu", 1)
    assert thread_count() == 1


def test_auto_takes_a_gpu_if_there_is_one():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert prepare_device("auto", None).type == expected


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta"])
def test_a_device_that_is_not_here_is_refused(name):
    with pytest.raises(ReidbenchError, match=rf"--device {name}: .*; use auto, cpu or cuda:N$"):
        prepare_device(name, None)


def test_peak_memory_of_a_gpu_is_that_of_its_tensors():
    if not torch.cuda.is_available():
        assert peak_gpu_memory() == 0
        return
    tensor = torch.zeros(2**20, device="cuda")
    assert peak_gpu_memory() >= tensor.nbytes


def test_torchs_version_is_text_that_is_no_subclass_of_it():
    assert type(torch_version()) is str
    assert re.match(r"\d+\.\d+", torch_version())
