"""Where the project's own files are, for tests that hold the real ones."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
