"""Claims of a suite: the pairs of rows they speak of, and what the results say of them."""
