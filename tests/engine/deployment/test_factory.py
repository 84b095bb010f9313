"""The network that a command names is found, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from reidbench.engine.deployment import find_network
from reidbench.errors import ReidbenchError

FACTORIES = """
class Panic(BaseException):
    pass

def leaves():
    raise SystemExit(0)

def panics():
    raise Panic("out of memory")
"""


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("torchvision.models", "must be MODULE:FACTORY"),
        ("no_such_module:net", "cannot be imported"),
        ("torchvision.models:resnet51", "did you mean 'resnet5"),
        ("collections:OrderedDict", "makes a OrderedDict, not a network"),
        ("torch.nn:Linear", "makes no network .TypeError: .* needs no arguments"),
        ("factories_of_test:leaves", "makes no network .SystemExit: 0.; correct it"),
        ("factories_of_test:panics", "makes no network .Panic: out of memory.; correct it"),
        ("leaves_of_test:net", "breaks when it is imported .SystemExit: 0.; correct it"),
    ],
)
def test_factories_that_are_none_are_refused(
    target: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "factories_of_test.py").write_text(FACTORIES)
    (tmp_path / "leaves_of_test.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ReidbenchError, match=said) as caught:
        find_network(target)
    assert "\n" not in str(caught.value)


def test_a_factory_is_found_by_module_and_name() -> None:
    assert isinstance(find_network("torchvision.models:squeezenet1_1"), nn.Module)
