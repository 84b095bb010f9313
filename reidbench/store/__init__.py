"""The artefacts of phases, each under its phase's key: written, read, verified, cleaned up."""

from reidbench.store.artefacts import Store, StoreError

__all__ = ["Store", "StoreError"]
