"""Means, intervals of differences, and rank sets of rows that were scored on the same queries."""
