"""What each phase left behind, kept under the phase's key: written, found, checked, cleared."""

from reidbench.store.artefacts import Store, StoreError

__all__ = ["Store", "StoreError"]
