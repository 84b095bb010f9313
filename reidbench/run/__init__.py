"""What a run does: plans a suite, finds finished trials, executes the others, publishes tables."""
