"""All of torch: the phases of a trial, training, pruning, the channel engine and retrieval."""
