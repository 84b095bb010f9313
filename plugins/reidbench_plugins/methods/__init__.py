"""The built-in pruning methods, one file each."""
