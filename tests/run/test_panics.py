"""What a plugin's code raises beside an ``Exception`` is a row or one sentence, never the end."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner
from torch import nn

from reidbench import prune
from reidbench.cli import cli
from reidbench.datasets.check import read_images
from reidbench.errors import ReidbenchError
from reidbench.plugins import discover
from reidbench.results import read_results
from reidbench.run.options import RunOptions
from reidbench.run.suite_run import run_trials
from reidbench.testing import checks
from tests.support.commands import Finished, reidbench
from tests.support.sites import write_site
from tests.support.suites import write_suite

PLUGIN = """
from reidbench.api import BackboneRecord, DatasetRecord, Method, MethodRecord, hookimpl

class Panic(BaseException):
    pass

class Scores(Method):
    def scores(self, group, task):
        raise Panic("while scoring")

class Interrupts(Method):
    def scores(self, group, task):
        raise KeyboardInterrupt("of its own")

class Makes(Method):
    def __init__(self):
        raise Panic("while it was made")

def network(width=8):
    raise Panic("while it was built")

def forward():
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)
        def forward(self, images):
            raise Panic("while it was traced")
    return Net()

def data():
    raise Panic("while lists were read")

def images():
    from dataclasses import replace
    from reidbench_tiny.data import load
    def read(index):
        raise Panic("while decoding")
    made = load()
    return replace(made, train=replace(made.train, reader=read))

def record(kind, name, target, **more):
    return kind(name=name, version="1", summary="-", reference="-", target=target, **more)

@hookimpl
def reidbench_methods():
    return [record(MethodRecord, f"p-{name.lower()}", f"{__name__}:{name}")
            for name in ("Scores", "Interrupts", "Makes")] + [
                record(MethodRecord, "p-import", "reidbench_panics_late:Late")]

@hookimpl
def reidbench_backbones():
    return [record(BackboneRecord, f"p-{name}", f"{__name__}:{name}")
            for name in ("network", "forward")]

@hookimpl
def reidbench_datasets():
    return [record(DatasetRecord, f"p-{name}", f"{__name__}:{name}") for name in ("data", "images")]
"""
LATE = "class Panic(BaseException): pass\nraise Panic('on import')"
REFUSED = {
    "p-import": ("methods", r"'p-import' 1 points at .*, which cannot be imported \(Panic: on im"),
    "p-makes": ("methods", r"'p-makes' of plugin reidbench-panics 1.0 cannot be made \(Panic: wh"),
    "p-network": ("backbones", r"'p-network' of plugin .* cannot be made \(Panic: while it was bu"),
    "p-forward": ("backbones", r"p-forward: Panic: while it was traced"),
    "p-data": ("targets", r"data set 'p-data' of reidbench-panics 1.0 cannot be read \(Panic: .*"),
    "p-images": ("targets", r"image '.*' cannot be read \(Panic: while decoding\)"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = write_site(tmp_path_factory.mktemp("panics"), "panics", PLUGIN)
    (site / "reidbench_panics_late.py").write_text(LATE)
    return site


@pytest.fixture
def installed(
    site: Path, tiny_site: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> MappingProxyType[str, object]:
    """Make the plugin one of this process's."""
    for folder in (*tiny_site, site):
        monkeypatch.syspath_prepend(folder)
    return MappingProxyType({})


@pytest.fixture(scope="module")
def ran(
    site: Path, tiny_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Finished]:
    folder = tmp_path_factory.mktemp("ran")
    write_suite(folder, methods=["p-scores", "p-interrupts", "l1"])
    env = {**tiny_env, "PYTHONPATH": os.pathsep.join([str(site), tiny_env["PYTHONPATH"]])}
    return folder, reidbench("run", "suite.yaml", "--in-process", cwd=folder, env=env)


def test_a_method_that_panics_is_a_row_in_process_too(ran: tuple[Path, Finished]) -> None:
    folder, said = ran
    assert said.returncode == 1, said.stderr
    results = {r.trial.method: r for r in read_results(folder / "runs/tiny-suite/results")}
    assert {name: result.error for name, result in results.items()} == {
        "p-scores": "Panic: while scoring",
        "p-interrupts": "KeyboardInterrupt: of its own",
        "l1": None,
    }
    assert "Traceback" not in said.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", REFUSED)
def test_a_component_that_panics_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    field, sentence = REFUSED[name]
    suite = write_suite(tmp_path, **{field: [name]})
    folders = {"out": tmp_path / "out", "store": tmp_path / "store"}
    with pytest.raises(ReidbenchError, match=sentence) as refused:
        run_trials(RunOptions(suite, **folders))
    assert "\n" not in str(refused.value)
    assert not folders["store"].exists()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("p-scores", "method 'p-scores' raised Panic: while scoring; correct its plugin"),
        ("p-interrupts", "method 'p-interrupts' raised KeyboardInterrupt: of its own; correct"),
        ("p-makes", "method 'p-makes' raised Panic: while it was made; correct its plugin"),
    ],
)
def test_a_method_that_panics_on_a_network_of_ones_own_is_one_sentence(
    method: str, said: str
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 4, 3))
    with pytest.raises(ReidbenchError) as refused:
        prune(network, size=(3, 8, 8), reduction=0.4, method=method)
    assert str(refused.value).startswith(said) and "\n" not in str(refused.value)


@pytest.mark.usefixtures("installed")
def test_the_groups_of_a_backbone_that_panics_are_one_sentence() -> None:
    done = CliRunner().invoke(cli, ["groups", "p-network", "--size", "3x8x8"])
    assert isinstance(done.exception, ReidbenchError)
    assert str(done.exception).startswith("'p-network' cannot be made (Panic: while it was built)")


@pytest.mark.usefixtures("installed")
def test_the_kit_reports_a_method_that_panics() -> None:
    check = next(it for it in checks("p-scores", backbones=[]) if str(it) == "scores-tiny-inner")
    outcome = check.outcome()
    assert outcome.status == "failed"
    assert re.match("method 'p-scores' raised Panic .while scoring. at reidb", outcome.sentence)


@pytest.mark.usefixtures("installed")
def test_the_check_of_a_data_set_names_an_image_whose_decoder_panics() -> None:
    made = discover().datasets.get("p-images").record.build({})
    finding = read_images(made, lambda count: None)
    assert finding is not None and finding.sentence.startswith("cannot be read: 96 of")
    assert finding.examples[0].endswith("while decoding")
