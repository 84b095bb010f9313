"""``reidbench store``: list, verify and prune what phases left."""
