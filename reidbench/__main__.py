"""The command line, as ``python -m reidbench``."""

from reidbench.cli import main

if __name__ == "__main__":
    main()
