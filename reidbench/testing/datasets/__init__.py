"""Checks of data sets: lists, people and cameras, pictures, and what stands for them in keys."""
