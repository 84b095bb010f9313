"""What a method changes of torch's settings is put back and reported."""

from __future__ import annotations

import pytest
import torch
from torch.nn.modules import module as modules

from reidbench.engine.pruning.torch_settings import SETTINGS, TorchSettings, unchanged
from reidbench.errors import MethodError
from tests.engine.phases.criteria import ByNorm
from tests.engine.phases.world import method

CHANGES = {
    "the default dtype": lambda: torch.set_default_dtype(torch.float64),
    "the default device": lambda: torch.set_default_device("meta"),
    "the number of threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "inference mode": lambda: infer(),
    "the recording of gradients": lambda: torch.set_grad_enabled(False),
    "anomaly detection": lambda: torch.autograd.set_detect_anomaly(True),
    "deterministic algorithms": lambda: torch.use_deterministic_algorithms(True),
    "the float32 matmul precision": lambda: torch.set_float32_matmul_precision("medium"),
    "the flushing of denormals": lambda: torch.set_flush_denormal(True),
    "automatic mixed precision": lambda: torch.set_autocast_enabled("cpu", True),
    "mkldnn.enabled": lambda: flip(torch.backends.mkldnn, "enabled"),
    "cudnn.enabled": lambda: flip(torch.backends.cudnn, "enabled"),
    "cudnn.benchmark": lambda: flip(torch.backends.cudnn, "benchmark"),
    "cudnn.deterministic": lambda: flip(torch.backends.cudnn, "deterministic"),
    "cudnn.allow_tf32": lambda: flip(torch.backends.cudnn, "allow_tf32"),
    "the global module hooks": lambda: modules.register_module_forward_hook(lambda *_: None),
}


GUARDS = []  # torch leaves a mode when its guard is collected


def infer():
    GUARDS.append(torch.inference_mode())
    GUARDS[-1].__enter__()
    torch.set_grad_enabled(True)  # which inference mode sets, too


def flip(holder, flag):
    setattr(holder, flag, not getattr(holder, flag))


@pytest.fixture(autouse=True)
def _nothing_stays():
    before = TorchSettings.capture()
    yield
    before.restore()


def test_every_setting_is_tried():
    assert list(CHANGES) == [setting.name for setting in SETTINGS]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_reported_by_its_name_and_put_back(name):
    before = TorchSettings.capture()
    with (
        pytest.raises(MethodError, match=rf"method 'l9' changed {name} for the whole process"),
        unchanged("l9"),
    ):
        CHANGES[name]()
        assert before.changes() == [name]
    assert before.changes() == []
    assert torch.rand(2).dtype == torch.float32


def test_several_changes_are_reported_together():
    with pytest.raises(MethodError, match=r"the default dtype, mkldnn\.enabled"), unchanged("l9"):
        torch.set_default_dtype(torch.float64)
        torch.backends.mkldnn.enabled = False


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_an_error_of_its_own_is_kept_and_everything_put_back_all_the_same(error):
    before = TorchSettings.capture()
    with pytest.raises(error, match="trouble"), unchanged("l9"):
        torch.set_default_dtype(torch.float64)
        raise error("trouble")
    assert before.changes() == []


def test_a_hook_that_was_there_stays_and_hooks_of_either_kind_may_follow():
    kept = modules.register_module_forward_hook(lambda *_: None)
    with pytest.raises(MethodError), unchanged("l9"):
        modules.register_module_full_backward_hook(lambda *_: None)
    assert kept.id in modules._global_forward_hooks
    modules.register_module_backward_hook(lambda *_: None).remove()  # refused beside a full one
    kept.remove()


def test_what_is_put_back_by_the_method_itself_is_its_own_affair():
    with unchanged("l9"), torch.no_grad():
        modules.register_module_forward_hook(lambda *_: None).remove()


class Narrow(ByNorm):
    def prepare(self, task):
        torch.set_grad_enabled(False)


class Late(ByNorm):
    def penalty(self, task):
        torch.set_num_threads(torch.get_num_threads() + 1)


@pytest.mark.parametrize(
    ("own", "name"), [(Narrow, "the recording of gradients"), (Late, "the number of threads")]
)
def test_a_phase_puts_back_what_its_method_changes_and_fails(world, own, name):
    before = TorchSettings.capture()
    phase = world.begin(world.prune(method(strategy="regularised")), own())
    with pytest.raises(MethodError, match=f"method 'bynorm' changed {name}"):
        phase.run()
    assert before.changes() == []


def test_a_ranking_alone_is_watched_too(world):
    phase = world.begin(world.prune(), Narrow())
    with pytest.raises(MethodError, match="changed the recording of gradients"):
        phase.rank()
    assert torch.is_grad_enabled()
