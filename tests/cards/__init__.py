"""Examples to write cards of."""
