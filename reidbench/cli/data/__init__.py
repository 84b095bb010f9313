"""``reidbench data``: list, show, check and draw data sets."""
