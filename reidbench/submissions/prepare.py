"""Prepares the folder of a submission from what a run left."""

from __future__ import annotations

from pathlib import Path

from reidbench.errors import ReidbenchError
from reidbench.files import write_atomically
from reidbench.results import LATENCY_FILE, PACK, read_results, write_pack
from reidbench.submissions.about import TEMPLATE, UNSET
from reidbench.submissions.folder import ABOUT, SUITE


class SubmissionError(ReidbenchError):
    """A folder that no submission can be made of."""


def prepare(run: Path, out: Path) -> Path:
    """Pack the results of a run into ``out``, with its suite and a form that names the submitter.

    Timings that lie in the run's folder go along. A form that is there is kept.

    Raises:
        SubmissionError: the run's folder has no suite.
        ResultError: it has no results, or one that cannot be read.

    """
    suite = run / SUITE
    if not suite.is_file():
        raise SubmissionError(
            f"{run}: no {SUITE} here, which a run copies; give the folder that the run wrote to"
        )
    inner = run / "results"
    results = read_results(inner if inner.is_dir() else run)
    write_pack(out / PACK, results)
    write_atomically(out / SUITE, suite.read_text(encoding="utf-8"))
    if (run / LATENCY_FILE).is_file():
        write_atomically(out / LATENCY_FILE, (run / LATENCY_FILE).read_bytes())
    if not (out / ABOUT).exists():
        fields = dict.fromkeys(("submitter", "contact", "code"), UNSET)
        write_atomically(out / ABOUT, TEMPLATE.format(**fields, licence="CC-BY-4.0", notes='""'))
    return out
