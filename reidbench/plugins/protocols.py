"""Finds the protocol that a suite names: published, a plugin's, or a file of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reidbench.config.own_protocol import is_file_name, protocol_of, read_protocol
from reidbench.config.protocol import Protocol, ProtocolError, load_protocol, locked
from reidbench.errors import ReidbenchError, did_you_mean
from reidbench.files import at_home
from reidbench.plugins.registry import DeclaredProtocol, Registry


def find_protocol(named: str, registry: Registry, folder: Path) -> Protocol:
    """Return the protocol called ``named``; a file's path is relative to ``folder``.

    Raises:
        ProtocolError: no such name or file, or one that two plugins declare with different rules.
        DocumentError: a file that is malformed or not allowed.

    """
    if is_file_name(named):
        path = folder / at_home(named)
        if not path.is_file():
            raise ProtocolError(f"no such file: {path}")
        return read_protocol(path)
    if named in locked():
        return load_protocol(named)
    problems: list[str] = []
    found = {
        (protocol.digest, str(declared.owner)): protocol
        for declared, protocol in _readable(registry, problems)
        if protocol.name == named
    }
    if len({digest for digest, _ in found}) > 1:
        owners = " and by ".join(sorted(owner for _, owner in found))
        raise ProtocolError(
            f"protocol '{named}' is declared with different rules by {owners}; leave one out with "
            "--disable-plugin"
        )
    if not found:
        known = [*locked(), *(it.name for it in plugin_protocols(registry))]
        raise ProtocolError(
            f"unknown protocol '{named}'{did_you_mean(named, known)} "
            f"(known: {', '.join(sorted(known))})" + "".join(f"; {it}" for it in problems)
        )
    return next(iter(found.values()))


def plugin_protocols(registry: Registry) -> list[Protocol]:
    """Return the protocols that plugins declare; those that cannot be read are left out."""
    return [protocol for _, protocol in _readable(registry, [])]


def _readable(
    registry: Registry, problems: list[str]
) -> Iterator[tuple[DeclaredProtocol, Protocol]]:
    """Yield what can be read, and note of the rest what is wrong with it."""
    for declared in registry.protocols:
        try:
            yield declared, _read(declared)
        except ReidbenchError as error:
            problems += str(error).splitlines()


def _read(declared: DeclaredProtocol) -> Protocol:
    if isinstance(declared.source, Path):
        return read_protocol(declared.source)
    return protocol_of(declared.source, f"a protocol of plugin {declared.owner}")
