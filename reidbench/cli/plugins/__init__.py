"""``reidbench plugins``: list components, and check whether a method keeps the contract."""
