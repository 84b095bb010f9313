"""What a run does: plans a suite, finds finished trials, executes the others, publishes tables."""

from reidbench.run.options import RunOptions
from reidbench.run.suite_run import SuiteOutcome, run_suite, run_trials

__all__ = ["RunOptions", "SuiteOutcome", "run_suite", "run_trials"]
