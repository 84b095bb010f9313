"""What the channel engine can prune of other libraries' networks, tried one by one."""
