"""The first files of a plugin: a distribution that works at once, written from templates."""
