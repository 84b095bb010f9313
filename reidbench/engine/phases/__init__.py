"""What happens at each node of the plan: train, prune, evaluate."""
