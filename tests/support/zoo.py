"""A family of networks: one that is sound, one that goes by another name, two that break."""

from __future__ import annotations

from reidbench.api import BackboneRecord


def find(name: str) -> BackboneRecord:
    """Return the record of ``zoo:ape``; of ``zoo:bat`` one with a wrong name; of others none."""
    if name == "cat":
        raise RuntimeError("the cat is out")
    if name == "lion":
        raise SystemExit("the lion is out")
    if name not in ("ape", "bat"):
        raise LookupError(f"the zoo has no '{name}'")
    return BackboneRecord(
        name="zoo:ape", version="1", summary="s", reference="-", target="torch.nn:Identity"
    )
