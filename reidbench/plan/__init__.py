"""Turns a suite into a plan: trials, and a DAG of phases keyed by what decides their numbers."""

from reidbench.plan.components import (
    Configured,
    ConfiguredData,
    ConfiguredMethod,
    canonical,
    distinct,
)
from reidbench.plan.grid import make_plan
from reidbench.plan.missing_data import data_read, missing_text, refuse_missing
from reidbench.plan.nodes import (
    ENGINE,
    EvaluateNode,
    LoadNode,
    Node,
    PhaseNode,
    PruneNode,
    TrainNode,
    stand_for,
    weights_label,
)
from reidbench.plan.selection import select
from reidbench.plan.trials import NotApplicable, Plan, Trial
from reidbench.plan.unfit_data import PreflightError, make, unfit_data, unfit_data_set

__all__ = [
    "ENGINE",
    "Configured",
    "ConfiguredData",
    "ConfiguredMethod",
    "EvaluateNode",
    "LoadNode",
    "Node",
    "NotApplicable",
    "PhaseNode",
    "Plan",
    "PreflightError",
    "PruneNode",
    "TrainNode",
    "Trial",
    "canonical",
    "data_read",
    "distinct",
    "make",
    "make_plan",
    "missing_text",
    "refuse_missing",
    "select",
    "stand_for",
    "unfit_data",
    "unfit_data_set",
    "weights_label",
]
