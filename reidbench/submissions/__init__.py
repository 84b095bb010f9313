"""Results that others send: checked without torch, prepared, and what became of them."""
