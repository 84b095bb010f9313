"""Published trials are found again in their suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidbench.errors import ReidbenchError
from reidbench.results import Result
from reidbench.run.options import RunOptions
from reidbench.run.reproduce import Published, planned_again
from tests.leaderboard.builders import result
from tests.support.suites import write_suite


def published(folder: Path, method: str) -> Published:
    trial: Result = result(
        method, backbone="tinynet", target="tiny", protocol={"name": "smoke/1"}, strategy="one-shot"
    )
    return Published(trial, (trial,), folder)


@pytest.mark.usefixtures("tiny_registry")
def test_a_label_that_is_spelled_otherwise_is_the_same_trial(tmp_path: Path) -> None:
    """Versions wrote ``1e-1`` as it stood in the suite, when YAML took it for text."""
    grid = [{"method": "tiny-norm", "options": {"power": [0.1, 0.2]}}]
    options = RunOptions(write_suite(tmp_path, methods=grid), out=tmp_path / "out")
    again = planned_again(published(tmp_path, "tiny-norm(power=1e-1)"), options)
    assert [trial.id.method for trial in again.plan.trials] == ["tiny-norm(power=0.1)"]
    with pytest.raises(ReidbenchError, match="has no such trial"):
        planned_again(published(tmp_path, "tiny-norm(power=0.3)"), options)
