"""What people write in YAML: suites, protocols and claims; every problem is located by line."""
