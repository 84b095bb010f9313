"""Who sends a submission, under which licence, and where the code of its methods is."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from reidbench.config import yaml_document

TEMPLATE = """\
# Who sends these results. Everything here is printed as plain text.
submitter: {submitter}
contact: {contact}
licence: {licence}      # of the results: CC-BY-4.0 or CC0-1.0
code: {code}            # public address of the methods that are not built in, or: built in
notes: {notes}
"""
UNSET = "TO BE FILLED IN"
_TEXT = Field(min_length=2, max_length=300, pattern=r"^[^<>\x00-\x1f\x7f]+$")


class About(BaseModel):
    """The content of ``submission.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    submitter: str = _TEXT
    contact: str = _TEXT
    licence: str = Field(pattern=r"^(CC-BY-4\.0|CC0-1\.0)$")
    code: str = Field(pattern=r"^(built in|https://[\w./~%+-]{3,200})$")
    notes: str = Field(max_length=300, pattern=r"^[^<>\x00-\x1f\x7f]*$", default="")


def load_about(path: Path) -> About:
    """Read ``submission.yaml``.

    Raises:
        DocumentError: it is malformed, or a field is missing or not allowed.

    """
    return yaml_document.load(path, About).content
