"""The artefacts of phases, each under its phase's key: written, read, verified, cleaned up."""

from reidbench.store.artefacts import Store, StoreError
from reidbench.store.location import STORE, STORE_VARIABLE, store_folder

__all__ = ["STORE", "STORE_VARIABLE", "Store", "StoreError", "store_folder"]
