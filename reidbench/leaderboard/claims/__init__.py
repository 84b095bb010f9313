"""The claims of a suite: the pairs of rows that each compares, and the verdict of the results."""
