"""Torch's settings for the whole process: what a component changes is put back and reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch.backends import cudnn, mkldnn
from torch.nn.modules import module as modules

from reidbench.errors import ComponentError, MethodError


@dataclass(frozen=True)
class GlobalSetting:
    """A setting of the process on which the numbers of all that runs later depend."""

    name: str
    read: Callable[[], Any]
    put: Callable[[Any], object]


def _flag(name: str, holder: Any, attribute: str) -> GlobalSetting:
    return GlobalSetting(
        name, lambda: getattr(holder, attribute), lambda value: setattr(holder, attribute, value)
    )


def _put_default_device(device: torch.device) -> None:
    # None is torch's own way back: any device that is named, the CPU too, costs every call.
    torch.set_default_device(None if device.type == "cpu" else device)


_GUARDS: list[torch.inference_mode] = []
"""Torch ends a mode when its guard is collected: these last."""


def _put_inference_mode(on: bool) -> None:
    guard = torch.inference_mode(on)
    guard.__enter__()
    _GUARDS.append(guard)


def _matmul_precision() -> str:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:  # set through one of torch's newer names, beside this one
        return "mixed"


def _flushes_denormals() -> bool:
    # Torch tells of no setting; the sum is denormal.
    denormal = torch.full((1,), 1e-40, dtype=torch.float32, device="cpu")
    return float(denormal + denormal) == 0.0


def _hooks() -> dict[str, dict[int, Any]]:
    found = {name: value for name, value in vars(modules).items() if name.startswith("_global_")}
    return {name: dict(value) for name, value in found.items() if isinstance(value, dict)}


def _put_hooks(hooks: dict[str, dict[int, Any]]) -> None:
    for name, own in hooks.items():
        live = getattr(modules, name)
        live.clear()
        live.update(own)
    if not hooks["_global_backward_hooks"]:
        modules._global_is_full_backward_hook = None  # else hooks of the other kind are refused


_AUTOCAST = ("cpu", "cuda")
SETTINGS = (
    GlobalSetting("the default dtype", torch.get_default_dtype, torch.set_default_dtype),
    GlobalSetting("the default device", torch.get_default_device, _put_default_device),
    GlobalSetting("the number of threads", torch.get_num_threads, torch.set_num_threads),
    # Before the recording of gradients, which it sets, too.
    GlobalSetting("inference mode", torch.is_inference_mode_enabled, _put_inference_mode),
    GlobalSetting("the recording of gradients", torch.is_grad_enabled, torch.set_grad_enabled),
    GlobalSetting(
        "anomaly detection",
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda value: torch.autograd.set_detect_anomaly(*value),
    ),
    GlobalSetting(
        "deterministic algorithms",
        torch.get_deterministic_debug_mode,
        torch.set_deterministic_debug_mode,
    ),
    GlobalSetting(
        "the float32 matmul precision", _matmul_precision, torch.set_float32_matmul_precision
    ),
    GlobalSetting("the flushing of denormals", _flushes_denormals, torch.set_flush_denormal),
    GlobalSetting(
        "automatic mixed precision",
        lambda: tuple(map(torch.is_autocast_enabled, _AUTOCAST)),
        lambda value: [*map(torch.set_autocast_enabled, _AUTOCAST, value)],
    ),
    _flag("mkldnn.enabled", mkldnn, "enabled"),
    _flag("cudnn.enabled", cudnn, "enabled"),
    _flag("cudnn.benchmark", cudnn, "benchmark"),
    _flag("cudnn.deterministic", cudnn, "deterministic"),
    _flag("cudnn.allow_tf32", cudnn, "allow_tf32"),
    GlobalSetting("the global module hooks", _hooks, _put_hooks),
)


@dataclass(frozen=True)
class TorchSettings:
    """Torch's settings at one moment."""

    values: tuple[Any, ...]

    @classmethod
    def capture(cls) -> TorchSettings:
        """Return the settings as they are now."""
        return cls(tuple(setting.read() for setting in SETTINGS))

    def changes(self) -> list[str]:
        """Return the names of the settings that are no longer what they were."""
        return [setting.name for setting, _ in self._changed()]

    def restore(self) -> None:
        """Put back what has changed."""
        for setting, value in self._changed():
            setting.put(value)

    def _changed(self) -> list[tuple[GlobalSetting, Any]]:
        pairs = zip(SETTINGS, self.values, strict=True)
        return [(setting, value) for setting, value in pairs if setting.read() != value]


@contextmanager
def unchanged(
    label: str, kind: Literal["method", "backbone", "data set"] = "method"
) -> Iterator[None]:
    """Put torch's settings back after the block, in which the component ``label`` runs.

    Raises:
        ComponentError: it changed one of them, unless the block raised an error of its own; of a
            method, a ``MethodError``.
    """
    before = TorchSettings.capture()
    try:
        yield
        changes = before.changes()
    finally:
        before.restore()
    if changes:
        broken = MethodError if kind == "method" else ComponentError
        raise broken(
            f"{kind} '{label}' changed {', '.join(changes)} for the whole process, so that no row "
            "would compare with another; put back what it changes, or leave it alone"
        )
