"""The built-in backbones, one file a family."""
