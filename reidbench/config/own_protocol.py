"""Protocols of one's own: read from a file or a document, and written as one to edit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from reidbench.config import yaml_document
from reidbench.config.protocol import FOLDER, Protocol, ProtocolError, locked
from reidbench.errors import one_line
from reidbench.files import write_atomically

SUFFIXES = (".yaml", ".yml")
_NAME_LINE = re.compile(r"^name:.*$", re.MULTILINE)


def is_file_name(named: str) -> bool:
    """Return whether a suite's or an option's protocol is a file, and not a name."""
    return named.endswith(SUFFIXES)


def read_protocol(path: Path) -> Protocol:
    """Read a protocol from a file of one's own.

    Raises:
        DocumentError: it is missing, malformed, not allowed, or has the name of a published
            protocol with other rules.

    """
    located = yaml_document.load(path, Protocol)
    if _claims_a_published_name(located.content):
        raise located.fault(("name",), _TAKEN.format(name=located.content.name))
    return located.content


def protocol_of(rules: Mapping[str, Any], whose: str) -> Protocol:
    """Return the protocol of a document, such as a plugin declares or an artefact's notes hold.

    ``whose`` is named in errors.

    Raises:
        ProtocolError: rules that are missing or not allowed, or of a published protocol's name.

    """
    try:
        protocol = Protocol.model_validate(rules)
    except ValidationError as error:
        details = error.errors()[0]
        where = ".".join(map(str, details["loc"])) or "document"
        raise ProtocolError(f"{whose}: {where}: {one_line(ValueError(details['msg']))}") from error
    if _claims_a_published_name(protocol):
        raise ProtocolError(f"{whose}: name: {_TAKEN.format(name=protocol.name)}")
    return protocol


_TAKEN = "'{name}' is published with other rules; give yours a name of its own"


def _claims_a_published_name(protocol: Protocol) -> bool:
    return protocol.name in locked() and not protocol.is_published


def protocol_text(protocol: Protocol) -> str:
    """Return a protocol as the YAML of a file, its digest on the first line."""
    rules = yaml.safe_dump(protocol.document(), sort_keys=False, width=100)
    return f"# sha256 {protocol.digest}\n{rules}"


def write_like(protocol: Protocol, path: Path) -> str:
    """Write a protocol to a new file, to be edited under a name of its own; return the name.

    Raises:
        ProtocolError: the file is there already, or is not named like a protocol's.

    """
    if not is_file_name(path.name):
        raise ProtocolError(f"{path}: name a file that ends in {SUFFIXES[0]}")
    if path.exists():
        raise ProtocolError(f"{path}: is there already; name a new file")
    name = _name_for(path)
    text = _NAME_LINE.sub(f"name: {name}", _published_text(protocol), count=1)
    head = f"# Like {protocol.name} ({protocol.digest[:12]}), to be changed.\n"
    write_atomically(path, head + text)
    return name


def _published_text(protocol: Protocol) -> str:
    """Return a published protocol's file, which has comments, or else plain YAML."""
    if protocol.is_published:
        return (FOLDER / f"{protocol.name.replace('/', '-')}.yaml").read_text(encoding="utf-8")
    return protocol_text(protocol).partition("\n")[2]


def _name_for(path: Path) -> str:
    """Return the name of version 1 for a file: ``My rules.yaml`` becomes ``my-rules/1``."""
    stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    name = f"{stem}/1" if stem[:1].isalpha() and stem.isascii() else f"own-{stem}".strip("-") + "/1"
    return f"own-{name}" if name in locked() else name
