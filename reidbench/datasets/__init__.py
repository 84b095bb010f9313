"""Where data sets lie on disk, how a copy is checked, and stand-ins drawn in their layouts."""
