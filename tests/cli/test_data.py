"""``reidbench data`` as somebody meets it who has photographs, or none."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from reidbench.cli import main
from reidbench.plugins import Registry
from tests.cli.conftest import Run
from tests.support.commands import imported
from tests.support.tiny_disk import draw, photograph

New = Callable[..., Run]


@dataclass(frozen=True)
class Said:
    out: str
    err: str


@pytest.fixture
def run(new_run: New, tiny_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a folder without data, which this process is in, and an environment that names none.

    The tiny plugin is importable in this process too, which is much faster than one a command.
    """
    run = new_run()
    monkeypatch.chdir(run.folder)
    monkeypatch.delenv("REIDBENCH_DATA", raising=False)
    return Run(run.folder, {k: v for k, v in run.env.items() if k != "REIDBENCH_DATA"})


Say = Callable[..., Said]


@pytest.fixture
def said(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what runs ``reidbench data WORDS``, which must end as told."""

    def say(*words: object, status: int = 0) -> Said:
        monkeypatch.setattr(sys, "argv", ["reidbench", "data", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = Said(*capsys.readouterr())
        assert ended.value.code == status, said
        return said

    return say


def tidy(text: str) -> str:
    """Return text without the line breaks of a narrow terminal."""
    return " ".join(text.split())


def as_on_a_hundred_columns(text: str) -> bool:
    return all(len(line) <= 100 for line in text.splitlines())


# --- the list ---------------------------------------------------------------------------------


def test_the_list_tells_what_is_here_and_where_the_rest_was_looked_for(said: Say) -> None:
    text = said().out
    assert re.search(r"^tiny +re-id +built in, drawn +Coloured blobs", text, re.M)
    assert re.search(r"^tiny-disk +re-id +not found +Coloured blobs as files", text, re.M)
    assert "\nNOT FOUND below data (another folder: --data, or REIDBENCH_DATA)\n" in text
    assert re.search(r"^tiny-disk +looked for tiny-disk, TinyDisk$", text, re.M)
    assert "\nFOUND" not in text
    assert "reidbench data show NAME\n" in text and "reidbench data make NAME DIR\n" in text
    assert as_on_a_hundred_columns(text)


def test_the_list_tells_half_a_data_set_and_a_stand_in(
    tiny_registry: Registry, said: Say, run: Run
) -> None:
    (run.folder / "half" / "TinyDisk" / "query").mkdir(parents=True)
    assert "there is half/TinyDisk, which lacks train and gallery\n" in said("--data", "half").out
    draw(tiny_registry, run.folder / "drawn")
    assert re.search(r"^tiny-disk +re-id +found: stand-in ", said("--data", "drawn").out, re.M)


@pytest.mark.parametrize("how", ["option", "variable", "default"])
def test_data_are_found_where_the_user_says(
    tiny_registry: Registry, said: Say, run: Run, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = run.folder / ("data" if how == "default" else "elsewhere")
    photograph(tiny_registry, root)
    if how == "variable":
        monkeypatch.setenv("REIDBENCH_DATA", "elsewhere")
    text = said(*(["--data", "elsewhere"] if how == "option" else [])).out
    assert re.search(r"^tiny-disk +re-id +found  ", text, re.M)
    assert re.search(
        rf"^FOUND below {root.name}\n(.*\n)*tiny-disk +{root.name}/tiny-disk$", text, re.M
    )


def test_a_plugin_that_is_left_out_lists_nothing(said: Say) -> None:
    assert "tiny-disk" not in said("--disable-plugin", "tiny").out
    refused = said("--disable-plugin", "tiny", "show", "tiny", status=2)
    assert "no plugin declares a data set 'tiny'" in refused.err


@pytest.mark.parametrize("words", [[], ["show"], ["check"], ["make"]])
def test_help_is_instant_and_shows_examples(run: Run, words: list[str]) -> None:
    finished, modules = imported("data", *words, "--help", cwd=run.folder, env=run.env)
    assert finished.returncode == 0
    assert not {"torch", "numpy", "PIL"} & modules
    assert finished.stdout.count("\n    reidbench data ") >= 2
    assert "\\b" not in finished.stdout


@pytest.mark.parametrize(
    "words", [[], ["show", "tiny"], ["check", "tiny"], ["make", "tiny-disk", "s"]]
)
def test_no_word_waits_for_torch(run: Run, words: list[str]) -> None:
    finished, modules = imported("data", *words, cwd=run.folder, env=run.env)
    assert finished.returncode == 0 and "torch" not in modules


# --- one data set -----------------------------------------------------------------------------


def test_show_tells_all_that_a_user_must_bring(said: Say) -> None:
    text = said("show", "tiny-disk").out
    for phrase in (
        "tiny-disk 1 of reidbench-tiny 1.0: re-id, photographs\n",
        "\nreference    Blob et al., 2024\n",
        "\norigin       https://example.org/blobs, on request.\n",
        "\nlicence      Research only.\n",
        "\nethics       The blobs were not asked.\n",
        "\noptions      upside_down=False\n",
        "\nwhere        not found; looked for data/tiny-disk or data/TinyDisk, with",
        "\n    tiny-disk/\n      train/    96 images\n      query/    12\n      gallery/  24\n",
        "\n    reidbench data make tiny-disk stand-ins\n",
    ):
        assert phrase in text
    assert as_on_a_hundred_columns(text)


def test_show_holds_what_is_there_against_the_published(
    tiny_registry: Registry, said: Say, run: Run
) -> None:
    photograph(tiny_registry, run.folder / "data")
    text = said("show", "tiny-disk").out
    assert "where        found: data/tiny-disk\n" in text
    assert "training images 96 96 as published" in tidy(text)
    assert "reidbench data check tiny-disk\n" in text


def test_show_tells_a_stand_in_and_a_broken_set(
    tiny_registry: Registry, said: Say, run: Run
) -> None:
    folder = draw(tiny_registry, run.folder / "data")
    text = said("show", "tiny-disk").out
    assert "What is there is a drawn stand-in, not the published data set." in text
    assert "published  verdict" not in text
    for path in (folder / "train").iterdir():
        path.unlink()
    text = said("show", "tiny-disk").out
    assert "Its lists cannot be read: data set 'tiny-disk': the training split has no" in text


def test_show_knows_what_is_built_in(said: Say) -> None:
    text = said("show", "tiny").out
    assert "tiny 1 of reidbench-tiny 1.0: re-id, drawn\n" in text
    assert "where        built in: needs no files\n" in text
    assert "training people 12" in tidy(text)
    assert "licence" not in text and "reference" not in text


@pytest.mark.parametrize("word", ["show", "check", "make"])
def test_a_misspelt_name_is_one_sentence(said: Say, word: str) -> None:
    words = [word, "tiny-dsik", *(["somewhere"] if word == "make" else [])]
    finished = said(*words, status=2)
    assert finished.out == ""
    (line,) = finished.err.splitlines()
    assert "no plugin declares a data set 'tiny-dsik'; did you mean 'tiny-disk'?" in line


# --- check ------------------------------------------------------------------------------------


def test_a_complete_set_passes(tiny_registry: Registry, said: Say, run: Run) -> None:
    photograph(tiny_registry, run.folder / "data")
    finished = said("check", "tiny-disk")
    assert finished.out.startswith("tiny-disk 1 of reidbench-tiny 1.0, data/tiny-disk\n")
    assert finished.out.count("as published\n") == 6
    assert finished.out.splitlines()[-1].startswith(
        "tiny-disk: nothing wrong: counts as published, 132 images read in "
    )
    assert finished.err == "reading: 132 images ...\n"


def test_findings_are_listed_and_end_with_1(tiny_registry: Registry, said: Say, run: Run) -> None:
    folder = photograph(tiny_registry, run.folder / "data")
    for number, path in enumerate(sorted((folder / "train").iterdir())[:14]):
        path.write_bytes(path.read_bytes()[: 20 * number])
    (folder / "gallery" / "cover.jpg").write_bytes(b"")
    finished = said("check", "tiny-disk", status=1)
    text = tidy(finished.out)
    assert "FOUND left out, because their names break the data set's rules: 1 image" in text
    assert "gallery/cover.jpg" in text
    assert "FOUND cannot be read: 14 of 132 images train/0001_c0_0.jpg: empty, or no image" in text
    assert "and 2 more" in text
    assert finished.out.splitlines()[-1].startswith(
        "tiny-disk: 2 findings: counts as published, 132 images read in "
    )
    assert as_on_a_hundred_columns(finished.out)


def test_the_lists_alone_read_no_image(tiny_registry: Registry, said: Say, run: Run) -> None:
    folder = photograph(tiny_registry, run.folder / "data")
    next((folder / "train").iterdir()).write_bytes(b"")
    finished = said("check", "tiny-disk", "--lists")
    assert finished.err == ""
    assert finished.out.splitlines()[-1] == (
        "tiny-disk: nothing wrong: counts as published, no image was read (--lists)"
    )
    for path in (folder / "query").glob("0102_*"):
        path.unlink()
    finished = said("check", "tiny-disk", "--lists", status=1)
    assert "query people 5 6 1 missing" in tidy(finished.out)
    assert "tiny-disk: 1 finding: counts not as published, no image" in finished.out


def test_people_in_both_training_and_test_are_a_finding(
    tiny_registry: Registry, said: Say, run: Run
) -> None:
    folder = photograph(tiny_registry, run.folder / "data")
    (folder / "train" / "0101_c0_0.jpg").write_bytes((folder / "query/0101_c0_0.jpg").read_bytes())
    finished = said("check", "tiny-disk", status=1)
    assert (
        "FOUND data set 'tiny-disk': identities [101] are in both the training and the test "
        "split; a re-ID split has disjoint people"
    ) in tidy(finished.out)
    assert finished.out.splitlines()[-1] == ("tiny-disk: 1 finding: nothing more can be checked")


def test_a_stand_in_passes_as_what_it_is(tiny_registry: Registry, said: Say, run: Run) -> None:
    draw(tiny_registry, run.folder / "data")
    text = said("check", "tiny-disk").out
    assert "A drawn stand-in in this layout, not the published data set" in text
    assert "as published" not in text
    assert "nothing wrong: drawn, so compared with no published counts, 132 images read" in text


def test_a_drawn_set_can_be_checked_with_its_options(said: Say) -> None:
    plain, other = (
        said("check", "tiny", "--lists", *words).out for words in ([], ["--option", "palette=1"])
    )
    assert plain.startswith("tiny 1 of reidbench-tiny 1.0, built in\n")
    assert "nothing wrong: drawn" in plain and "nothing wrong: drawn" in other


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tiny", "--option", "palette"], "--option palette: write it as NAME=VALUE"),
        (["tiny", "--option", "palete=1"], "no option 'palete'; did you mean 'palette'?"),
        (["tiny", "--option", "palette=red"], "must be like its default 0, not 'red'"),
        (["tiny", "--option", "palette=-1"], "option 'palette' is -1; it must not be negative"),
    ],
)
def test_wrong_options_end_with_2(said: Say, words: list[str], sentence: str) -> None:
    finished = said("check", *words, status=2)
    (line,) = finished.err.splitlines()
    assert sentence in line and finished.out == ""


def test_what_is_not_there_ends_with_2_and_the_expected_tree(said: Say) -> None:
    finished = said("check", "tiny-disk", status=2)
    assert finished.out == ""
    first, *tree = finished.err.splitlines()
    assert first.startswith(
        "reidbench: data set 'tiny-disk' is not below data (--data), and no such folder is here: "
        "looked for data/tiny-disk or data/TinyDisk, with train, query and gallery in it; "
    )
    assert tree[:3] == ["expected below data:", "    tiny-disk/", "      train/    96 images"]


def test_data_may_stand_before_or_after_the_word(
    tiny_registry: Registry, said: Say, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph(tiny_registry, run.folder / "here")
    monkeypatch.setenv("REIDBENCH_DATA", "nowhere")
    for words in (
        ["--data", "here", "check", "tiny-disk", "--lists"],
        ["check", "tiny-disk", "--lists", "--data", "here"],
        ["--data", "nowhere", "check", "tiny-disk", "--lists", "--data", "here"],
    ):
        assert "here/tiny-disk" in said(*words).out


# --- make -------------------------------------------------------------------------------------


def test_a_stand_in_is_made_found_and_checked(said: Say) -> None:
    made = said("make", "tiny-disk", "stand-ins")
    first, second, *rest = made.out.splitlines()
    assert first.startswith("stand-ins/tiny-disk: drawn from 'tiny' in ")
    assert second == ("It is no copy of 'tiny-disk', and every result on it says that it is drawn.")
    assert rest[-1] == "    reidbench run SUITE --data stand-ins"
    assert made.err == "drawing tiny-disk from tiny: 132 images ...\n"
    assert "A drawn stand-in" in said("check", "tiny-disk", "--data", "stand-ins").out


def test_a_stand_in_is_replaced_when_asked_and_with_other_options(said: Say, run: Run) -> None:
    image = run.folder / "s" / "tiny-disk" / "train" / "0001_c0_0.jpg"
    said("make", "tiny-disk", "s", "--from", "tiny")
    before = image.read_bytes()
    refused = said("make", "tiny-disk", "s", status=2)
    assert "reidbench: s/tiny-disk holds a drawn stand-in already;" in refused.err
    assert image.read_bytes() == before
    said("make", "tiny-disk", "s", "--replace", "--option", "palette=3")
    assert image.read_bytes() != before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tiny", "s"], "data set 'tiny' is built in: it needs no files"),
        (["tiny-disk", "s", "--from", "tiny-disk"], "'tiny-disk' is not drawn by a program"),
        (["tiny-disk", "s", "--from", "tinny"], "did you mean 'tiny'?"),
        (["tiny-disk", "s", "--option", "upside_down=true"], "'tiny' has no option 'upside_down'"),
        (["tiny-disk"], "Missing argument 'DIR'"),
        (["tiny-disk", "suite.yaml"], "Directory 'suite.yaml' is a file"),
    ],
)
def test_what_cannot_be_made_ends_with_2_and_writes_nothing(
    said: Say, run: Run, words: list[str], sentence: str
) -> None:
    refused = said("make", *words, status=2)
    assert sentence in refused.err and refused.out == ""
    assert not (run.folder / "s").exists()


def test_photographs_are_never_written_over(tiny_registry: Registry, said: Say, run: Run) -> None:
    folder = photograph(tiny_registry, run.folder / "data")
    before = {path: path.read_bytes() for path in folder.rglob("*.jpg")}
    refused = said("make", "tiny-disk", "data", "--replace", status=2)
    assert "data/tiny-disk holds photographs, or what may be some" in refused.err
    assert {path: path.read_bytes() for path in folder.rglob("*.jpg")} == before
