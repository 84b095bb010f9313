"""Discovery against real installs: what is found, what is left out, and what never happens."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reidbench.api import BackboneRecord, FamilyRecord
from reidbench.plugins import Catalogue, Component, Plugin, UnknownComponent, discover
from reidbench.results import read_results
from tests.support.commands import environment, reidbench
from tests.support.places import ROOT
from tests.support.suites import write_suite

METHODS = """
from reidbench.api import BackboneRecord, DatasetRecord, MethodRecord, hookimpl

def record(kind, name, **more):
    return kind(
        name=name, version="3", summary="A test.", reference="-", target="nowhere:x", **more
    )
"""
GOOD = f"""{METHODS}
@hookimpl
def reidbench_methods():
    return [record(MethodRecord, "NAME")]
"""

# Distribution -> (entry point, source of its module).
DISTRIBUTIONS = {
    "good-one": ("good", GOOD.replace("NAME", "shared")),
    "Good_Two": ("good", GOOD.replace("NAME", "shared").replace('"3"', '"4"')),
    "all-kinds": (
        "kinds",
        f"""{METHODS}
@hookimpl
def reidbench_methods():
    yield record(MethodRecord, "kind-m", strategy="progressive")

@hookimpl(specname="reidbench_backbones")
def backbones_under_another_name():
    return (record(BackboneRecord, "kind-b"),)

@hookimpl
def reidbench_datasets():
    return [record(DatasetRecord, "kind-d", drawn=True, options=dict(seed=1))]
""",
    ),
    "brings-protocols": (
        "protocols",
        f"""{METHODS}
from pathlib import Path

@hookimpl
def reidbench_protocols():
    return [Path(__file__).parent / "theirs.yaml", dict(name="theirs/2")]
""",
    ),
    "protocols-by-name": (
        "names",
        f"{METHODS}\n@hookimpl\ndef reidbench_protocols(): return ['mini/1']",
    ),
    "raises-at-import": ("raises", "raise RuntimeError('boom\\n  at import')"),
    "exits-at-import": ("exits", "import sys; sys.exit(3)"),
    "interrupts-at-import": ("interrupts", "raise KeyboardInterrupt('not by the user')"),
    "ends-in-datasets": (
        "datasets",
        f"{METHODS}\n@hookimpl\ndef reidbench_datasets(): raise GeneratorExit('of data')",
    ),
    "exits-in-backbones": (
        "backbones",
        f"{METHODS}\n@hookimpl\ndef reidbench_backbones(): raise SystemExit('of networks')",
    ),
    "ends-among-protocols": (
        "protocols",
        f"""{METHODS}
class Panic(BaseException): pass

@hookimpl
def reidbench_protocols():
    yield dict(name="theirs/3")
    raise Panic("of rules")
""",
    ),
    "ends-at-import": ("ends", "class End(BaseException): pass\nraise End('of it')"),
    "needs-the-absent": ("absent", "import no_such_module_here"),
    "misspelt-hook": (
        "misspelt",
        f"{METHODS}\n@hookimpl\ndef reidbench_method(): return []",
    ),
    "misspelt-prefix": (
        "misspelt",
        f"{METHODS}\n@hookimpl\ndef redbench_methods(): return []",
    ),
    "unmarked-hook": ("unmarked", f"{METHODS}\ndef reidbench_methods(): return []"),
    "too-new": ("new", GOOD.replace("NAME", "new") + "\nREIDBENCH_API = 99"),
    "odd-api": ("odd", GOOD.replace("NAME", "odd") + "\nREIDBENCH_API = '4'"),
    "one-record": (
        "one",
        f"{METHODS}\n@hookimpl\ndef reidbench_methods(): return record(MethodRecord, 'a')",
    ),
    "raises-in-hook": (
        "hook",
        f"{METHODS}\n@hookimpl\ndef reidbench_methods():\n    return [{{}}['x']]",
    ),
    "raises-elsewhere": ("elsewhere", "import json\njson.loads('?')"),
    "wrong-type": (
        "wrong",
        f"{METHODS}\n@hookimpl\ndef reidbench_methods(): return [record(BackboneRecord, 'b')]",
    ),
    "returns-nothing": ("nothing", f"{METHODS}\n@hookimpl\ndef reidbench_methods(): pass"),
    "bad-record": ("bad", GOOD.replace("NAME", "Bad Name")),
    "twice-itself": (
        "twice",
        f"{METHODS}\n@hookimpl\ndef reidbench_methods(): return [record(MethodRecord, 'a')] * 2",
    ),
    "no-hooks": ("none", "x = 1"),
    "wrong-argument": (
        "argument",
        f"{METHODS}\n@hookimpl\ndef reidbench_methods(config): return []",
    ),
    "default-argument": (
        "default",
        f"{METHODS}\n@hookimpl\ndef reidbench_trial_finished(result=None): pass",
    ),
    "wraps-others": (
        "wraps",
        f"{METHODS}\n@hookimpl(wrapper=True)\ndef reidbench_methods(): return (yield)",
    ),
    "not-a-module": ("object", "VALUE = 1", "VALUE"),
    "same-module": ("same", None),
    "observer-raises": (
        "observer",
        f"{METHODS}\n@hookimpl\ndef reidbench_trial_finished(result): raise RuntimeError('sulk')",
    ),
    "observer-prints": (
        "observer",
        f"{METHODS}\n@hookimpl\ndef reidbench_trial_finished(result): print('saw', result.key)",
    ),
    "observer-ends": (
        "observer",
        f"""{METHODS}
class Panic(BaseException): pass

@hookimpl
def reidbench_trial_finished(result): raise Panic("observed")

@hookimpl
def reidbench_phase_started(event): raise KeyboardInterrupt
""",
    ),
    "observer-of-phases": (
        "observer",
        f"""{METHODS}
@hookimpl
def reidbench_phase_started(event): print("started", event.key, event.label, event.worker)

@hookimpl
def reidbench_phase_step(event): print("step", event.done, event.total, event.loss)

@hookimpl
def reidbench_phase_finished(event):
    print("ended", event.end, event.why, [point.step for point in event.curve])
""",
    ),
    "observer-looks-away": (
        "observer",
        f"{METHODS}\n@hookimpl\ndef reidbench_trial_finished(): print('saw something')",
    ),
}
HARMLESS = {
    "reidbench",
    "reidbench-example",
    "good-one",
    "Good_Two",
    "all-kinds",
    "observer-raises",
    "observer-prints",
    "observer-looks-away",
    "observer-ends",
    "observer-of-phases",
    "brings-protocols",
}

# Distribution -> what its problem line must say.
FAULTS = {
    "raises-at-import": "RuntimeError: boom at import (at raises_at_import.py:1)",
    "exits-at-import": "SystemExit: 3 (at exits_at_import.py:1)",
    "ends-at-import": "End: of it (at ends_at_import.py:2)",
    "interrupts-at-import": "KeyboardInterrupt: not by the user (at interrupts_at_import.py:1)",
    "ends-in-datasets": "GeneratorExit: of data (at ends_in_datasets.py:10)",
    "exits-in-backbones": "SystemExit: of networks (at exits_in_backbones.py:10)",
    "ends-among-protocols": "Panic: of rules (at ends_among_protocols.py:14)",
    "needs-the-absent": "named 'no_such_module_here' (at needs_the_absent.py:1)",
    "raises-in-hook": "KeyError: 'x' (at raises_in_hook.py:11)",
    # The plugin's own line, not one of what it calls.
    "raises-elsewhere": "(at raises_elsewhere.py:2)",
    "odd-api": "its REIDBENCH_API must be a whole number, as in REIDBENCH_API = 4, not '4'",
    "one-record": "reidbench_methods() must return a list of MethodRecords, not MethodRecord 'a'",
    "misspelt-hook": "unknown hook 'reidbench_method'; did you mean 'reidbench_methods'?",
    "misspelt-prefix": "unknown hook 'redbench_methods'; did you mean 'reidbench_methods'?",
    "unmarked-hook": "'reidbench_methods' lacks the @hookimpl mark",
    "too-new": "needs plugin API 99, this reidbench offers 4: upgrade reidbench",
    "wrong-type": "must return a list of MethodRecords, not of BackboneRecord 'b'",
    "returns-nothing": "reidbench_methods() must return a list of MethodRecords, not None",
    "protocols-by-name": "must return a list of paths and mappings, not of 'mini/1'",
    "bad-record": "record 'Bad Name': name must be lower-case words",
    "twice-itself": "reidbench_methods() declares a twice",
    "no-hooks": "its module no_hooks implements no hook",
    "wrong-argument": "Argument(s) {'config'} are declared in the hookimpl",
    "default-argument": "gives result a default, so it would never be passed",
    "wraps-others": "'reidbench_methods' is a hook wrapper",
    "not-a-module": "the entry point must name a module, not int",
    "same-module": "its module good_one already serves as plugin good-one:good",
}


def distribution(folder: Path, name: str, entry: str, source: str | None, attribute: str) -> Path:
    package = name.lower().replace("-", "_") if source is not None else "good_one"
    target = f"{package}:{attribute}" if attribute else package
    folder.mkdir()
    (folder / f"{package}.py").write_text(source or "")
    (folder / "pyproject.toml").write_text(
        f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "0.7"
[project.entry-points.reidbench]
{entry} = "{target}"
[tool.hatch.build.targets.wheel]
{f'include = ["{package}.py"]' if source is not None else "bypass-selection = true"}
"""
    )
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install every distribution above, and the example, into one folder with pip."""
    sources = tmp_path_factory.mktemp("sources")
    folders = []
    for name, (entry, source, *attribute) in DISTRIBUTIONS.items():
        folders.append(distribution(sources / name, name, entry, source, "".join(attribute)))
        if source is None:
            (sources / name / "good_one.py").unlink()
    return install(tmp_path_factory.mktemp("site"), *folders, example(sources))


def example(sources: Path) -> Path:
    """Copy the template, as its README says, so that building leaves nothing in the checkout."""
    return Path(shutil.copytree(ROOT / "plugins" / "reidbench-example", sources / "example"))


def install(site: Path, *folders: Path) -> Path:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(site)]
    subprocess.run([*command, *map(str, folders)], check=True, timeout=300)
    return site


def python(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    inherited = [path for path in (os.environ.get("PYTHONPATH"),) if path]
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *inherited])},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


REPORT = """
import json, sys
from reidbench.plugins import discover, UnknownComponent
found = discover(DISABLED)
try:
    shared = found.methods.get("shared").identity()
except UnknownComponent as error:
    shared = str(error)
catalogues = dict(methods=found.methods, backbones=found.backbones, datasets=found.datasets)
print(json.dumps(dict(
    plugins=[str(p) for p in found.plugins],
    problems=[[p.plugin.distribution, p.plugin.version, p.reason] for p in found.problems],
    **{kind: catalogue.names() for kind, catalogue in catalogues.items()},
    shared=shared,
    protocols=[[str(p.owner), str(p.source)] for p in found.protocols],
    heavy=[m for m in ("torch", "torchvision", "numpy", "PIL") if m in sys.modules],
)))
"""


def report(site: Path, *disabled: str) -> dict[str, Any]:
    out = python(site, REPORT.replace("DISABLED", repr(disabled))).stdout
    result: dict[str, Any] = json.loads(out)
    return result


@pytest.fixture(scope="session")
def everything(site: Path) -> dict[str, Any]:
    return report(site)


def test_every_distribution_is_either_usable_or_reported() -> None:
    assert HARMLESS | set(FAULTS) == {*DISTRIBUTIONS, "reidbench", "reidbench-example"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_plugin_is_reported_with_distribution_version_and_reason(
    everything: dict[str, Any], name: str
) -> None:
    [(version, reason)] = [(v, r) for n, v, r in everything["problems"] if n == name]
    assert version == "0.7"
    assert FAULTS[name] in reason
    assert "\n" not in reason


def test_broken_plugins_are_harmless_to_all_others(everything: dict[str, Any]) -> None:
    assert {plugin.rsplit(" ", 1)[0] for plugin in everything["plugins"]} == HARMLESS
    assert {"l1", "example-spread", "kind-m", "shared"} <= set(everything["methods"])
    assert {"resnet18", "kind-b"} <= set(everything["backbones"])
    assert {"synthped", "kind-d"} <= set(everything["datasets"])


def test_nothing_of_a_broken_plugin_is_kept(everything: dict[str, Any]) -> None:
    assert not {"new", "a", "b"} & {*everything["methods"], *everything["backbones"]}


def test_discovery_imports_no_torch_and_no_arrays(everything: dict[str, Any]) -> None:
    assert everything["heavy"] == []


def test_two_distributions_may_use_one_entry_point_name(everything: dict[str, Any]) -> None:
    assert {"good-one 0.7", "Good_Two 0.7"} <= set(everything["plugins"])


def test_a_name_owned_twice_is_an_error_only_when_asked_for_and_names_both_owners(
    everything: dict[str, Any],
) -> None:
    assert "shared" in everything["methods"]
    assert "'shared' is declared by Good_Two 0.7" in everything["shared"]
    assert "and by good-one 0.7" in everything["shared"]
    assert "--disable-plugin" in everything["shared"]


@pytest.mark.parametrize("disabled", ["Good_Two", "good-two"])
def test_disabling_one_owner_by_its_distribution_settles_the_name(
    site: Path, disabled: str
) -> None:
    # However it is spelt: good-two, Good_Two and good.two are one distribution.
    found = report(site, disabled)
    assert found["shared"] == {"name": "shared", "version": "3", "distribution": "good-one"}


def test_disabling_an_entry_point_name_leaves_out_all_that_use_it(site: Path) -> None:
    found = report(site, "good", "same", "builtin", "raises")
    assert "shared" not in found["methods"]
    assert "l1" not in found["methods"]
    # A disabled plugin is not imported, so it cannot be at fault.
    assert "raises-at-import" not in [name for name, *_ in found["problems"]]


def test_the_example_is_usable_from_a_real_install(site: Path) -> None:
    code = """
import torch
from types import SimpleNamespace
from reidbench.plugins import discover
found = discover()
component = found.methods.get("example-spread")
group = SimpleNamespace(weight=torch.tensor([[1.0, 1.0], [0.0, 4.0], [2.0, 4.0]]))
print(component.owner, component.record.build({}).scores(group, None).tolist())
"""
    assert python(site, code).stdout.strip() == "reidbench-example 0.1.0 [0.0, 2.0, 1.0]"


def test_the_example_runs_in_a_suite_beside_every_broken_plugin(
    site: Path, tiny_site: tuple[Path, Path], tmp_path: Path
) -> None:
    suite = write_suite(tmp_path, methods=["dense", "example-spread"])
    run = reidbench("run", suite, cwd=tmp_path, env=environment(site, *tiny_site))
    assert run.returncode == 0, run.stderr
    assert "plugin raises-at-import 0.7 left out: RuntimeError: boom" in run.stderr
    results = read_results(tmp_path / "runs" / "tiny-suite" / "results")
    (pruned,) = (result for result in results if result.trial.reduction)
    assert pruned.components["method"].distribution == "reidbench-example"
    assert pruned.status == "done"
    assert pruned.matched


RESULT = """
import logging
from reidbench.plugins import discover
from reidbench.results import Result, TrialId
logging.basicConfig(format="%(message)s")
trial = TrialId(scenario="s", backbone="b", source=None, target="t", method="m",
    strategy="one-shot", allocation="uniform", control=False, reduction=0.5, seed=0)
result = Result(key="k1", status="failed", suite="x", trial=trial, drawn=True, protocol={},
                engine=1,
    components={}, tolerance=0.005)
found = discover()
found.observers.say = lambda line: print("said", line)
found.trial_finished(result)
found.trial_finished(result)
print("went on")
"""
PHASES = """
from pathlib import Path
from reidbench.plugins import discover
from reidbench.run import event_log
from reidbench.run.observed import ObservedEvents
from reidbench.store import Store
from reidbench.store.curve import Curve
store, curve = Store(Path("STORE")), Curve()
curve.step(1, 2, epoch=0.5, loss=2.0, rate=0.1, speed=100.0)
curve.step(2, 2, epoch=1.0, loss=1.0, rate=0.1, speed=100.0)
with store.writing("0123456789abcdef") as (folder, meta):
    curve.write(folder)
found, event_log.FIRST_STEP = discover(), 0.0
found.observers.say = lambda line: print("said", line)
log = event_log.EventLog(None, ObservedEvents(found.observers, store))
log.write("run started", suite="s")
log.begin("0123456789abcdef", "[1/3] t: train (worker 2)", 2)
log.step("0123456789abcdef", "t: train", 1, 2, "loss 2.000, 100 images/s")
log.step("0123456789abcdef", "t: train", 2, 2, "loss 1.000, 100 images/s")  # too soon
log.end("retried", "0123456789abcdef", "t: train", why="killed")
log.begin("0123456789abcdef", "t: train", 2)
log.end("finished", "0123456789abcdef", "t: train", seconds=1.0, weight=1.0)
log.end("failed", "f123456789abcdef", "t: cut", why="it broke", seconds=1.0)
"""


def test_hook_reidbench_methods(everything: dict[str, Any]) -> None:
    assert "kind-m" in everything["methods"]


def test_hook_reidbench_backbones_under_a_name_of_the_plugin_s_own(
    everything: dict[str, Any],
) -> None:
    assert "kind-b" in everything["backbones"]


def test_hook_reidbench_datasets(everything: dict[str, Any]) -> None:
    assert "kind-d" in everything["datasets"]


def test_hook_reidbench_protocols_are_noted_unread(site: Path, everything: dict[str, Any]) -> None:
    owner = "brings-protocols 0.7"
    assert everything["protocols"] == [
        [owner, str(site / "theirs.yaml")],
        [owner, "{'name': 'theirs/2'}"],
    ]


def test_hook_reidbench_families_are_found_by_prefix_and_declare_no_names() -> None:
    backbones = discover().backbones
    assert [family.record.name for family in backbones.families] == ["timm"]
    assert not [name for name in backbones.names() if ":" in name]


def zoo(target: str = "tests.support.zoo:find", owners: int = 1) -> Catalogue[BackboneRecord]:
    fields = {"version": "1", "summary": "s", "reference": "-", "target": target}
    family = FamilyRecord(name="zoo", kind="backbone", **fields)
    whose = [Plugin("zoo", f"zoo-{number}", "1") for number in range(owners)]
    return Catalogue("backbone", [], [Component(family, owner) for owner in whose])


def test_a_component_of_a_family_is_owned_by_its_plugin() -> None:
    found = zoo().get("zoo:ape")
    assert found.identity() == {"name": "zoo:ape", "version": "1", "distribution": "zoo-0"}


@pytest.mark.parametrize(
    ("catalogue", "name", "said"),
    [
        (zoo(), "zoo:elk", "no backbone 'zoo:elk': the zoo has no 'elk'"),
        (zoo(), "zoo:bat", "family 'zoo' of zoo-0 1 gave .* for 'zoo:bat'"),
        (zoo(), "zoo:cat", r"'zoo:cat' cannot be found by zoo-0 1 \(RuntimeError: the cat is out"),
        (zoo(), "zoo:lion", r"'zoo:lion' cannot be found by zoo-0 1 \(SystemExit: the lion is o"),
        (zoo(), "zo:ape", "no plugin declares a backbone 'zo:ape'"),
        (zoo("no_such_library:find"), "zoo:ape", "which cannot be imported"),
        (zoo(owners=2), "zoo:ape", r"'zoo:ape' is declared by zoo-0 1 .* and by zoo-1 1"),
    ],
)
def test_a_name_of_a_family_that_cannot_be_had_is_one_sentence(
    catalogue: Catalogue[BackboneRecord], name: str, said: str
) -> None:
    with pytest.raises(UnknownComponent, match=said) as caught:
        catalogue.get(name)
    assert "\n" not in str(caught.value)


def test_hook_reidbench_trial_finished_is_seen_by_all_and_stopped_by_none(site: Path) -> None:
    ran = python(site, RESULT)
    failed = "failed in reidbench_trial_finished"
    assert sorted(ran.stdout.splitlines()) == [
        f"said plugin observer-ends:observer {failed} (Panic: observed); it is not called again",
        f"said plugin observer-raises:observer {failed} (RuntimeError: sulk); it is not called "
        "again",
        *("saw k1", "saw k1", "saw something", "saw something", "went on"),
    ]
    # The log has the traceback.
    assert "plugin observer-raises:observer failed in reidbench_trial_finished" in ran.stderr
    assert ran.stderr.count("Traceback") == 2 and "\nRuntimeError: sulk" in ran.stderr


@pytest.fixture(scope="module")
def told(site: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what observers of phases print of a phase that is retried, and one that fails."""
    store = tmp_path_factory.mktemp("told")
    return python(site, PHASES.replace("STORE", str(store))).stdout.splitlines()


def test_hook_reidbench_phase_started_and_its_breaking_is_one_line(told: list[str]) -> None:
    begun = "started 0123456789abcdef t: train 2"
    assert [line for line in told if line.startswith("started")] == [begun, begun]
    # No user has interrupted: the exception is the observer's own.
    assert [line for line in told if line.startswith("said")] == [
        "said plugin observer-ends:observer failed in reidbench_phase_started (KeyboardInterrupt); "
        "it is not called again"
    ]


def test_hook_reidbench_phase_step_comes_as_often_as_progress(told: list[str]) -> None:
    assert [line for line in told if line.startswith("step")] == ["step 1 2 2.0"]


def test_hook_reidbench_phase_finished_brings_the_curve(told: list[str]) -> None:
    assert [line for line in told if line.startswith("ended")] == [
        *("ended retried killed []", "ended finished None [1, 2]", "ended failed it broke []"),
    ]


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UnknownComponent, match="no plugin declares a backbone 'resnet81'; did you"):
        discover().backbones.get("resnet81")


def test_an_empty_catalogue_says_so() -> None:
    with pytest.raises(UnknownComponent, match="known: none"):
        Catalogue("method", []).get("l1")


def test_an_identity_says_what_decides_the_numbers_and_no_more() -> None:
    component = discover().methods.get("l1")
    assert component.identity() == {"name": "l1", "version": "1", "distribution": "reidbench"}
    # A release of the distribution that leaves the record's version alone changes no number.
    newer = Component(component.record, Plugin("builtin", "reidbench", "9.9"))
    assert newer.identity() == component.identity()


def test_a_name_that_cannot_be_disabled_is_an_error() -> None:
    with pytest.raises(
        UnknownComponent, match="no plugin 'bultin' to disable; did you mean 'builtin'"
    ):
        discover(["bultin"])
