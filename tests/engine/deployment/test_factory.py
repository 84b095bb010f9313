"""The network that a command names is found, or refused in one sentence."""

from __future__ import annotations

import pytest
from torch import nn

from reidbench.engine.deployment import find_network
from reidbench.errors import ReidbenchError


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("torchvision.models", "must be MODULE:FACTORY"),
        ("no_such_module:net", "cannot be imported"),
        ("torchvision.models:resnet51", "did you mean 'resnet5"),
        ("collections:OrderedDict", "makes a OrderedDict, not a network"),
    ],
)
def test_factories_that_are_none_are_refused(target: str, said: str) -> None:
    with pytest.raises(ReidbenchError, match=said):
        find_network(target)


def test_a_factory_is_found_by_module_and_name() -> None:
    assert isinstance(find_network("torchvision.models:squeezenet1_1"), nn.Module)
