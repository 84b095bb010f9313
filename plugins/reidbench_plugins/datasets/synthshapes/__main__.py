"""Draw the contact sheet: ``python -m reidbench_plugins.datasets.synthshapes sheet.png``."""

from __future__ import annotations

import sys

from reidbench_plugins.datasets.synthshapes.contact_sheet import save_contact_sheet


def main(arguments: list[str]) -> int:
    """Save the contact sheet at the one path given; return the exit status."""
    if len(arguments) != 1:
        print(
            "usage: python -m reidbench_plugins.datasets.synthshapes PICTURE.png", file=sys.stderr
        )
        return 2
    print(save_contact_sheet(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
