"""Suites, protocols and claims as users write them in YAML; every problem has its line."""
