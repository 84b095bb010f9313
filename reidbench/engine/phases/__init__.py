"""What happens at each node of the plan: load, train, prune, evaluate."""

from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.phases.run_phase import run_phase

__all__ = ["PhaseContext", "run_phase"]
