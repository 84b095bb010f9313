"""Turns a suite into a plan: trials, and a DAG of phases keyed by what decides their numbers."""

from reidbench.plan.layout import make_plan
from reidbench.plan.nodes import (
    ENGINE,
    Chosen,
    ChosenData,
    ChosenMethod,
    EvaluateNode,
    LoadNode,
    Node,
    NotApplicable,
    PhaseNode,
    Plan,
    PruneNode,
    TrainNode,
    Trial,
)

__all__ = [
    "ENGINE",
    "Chosen",
    "ChosenData",
    "ChosenMethod",
    "EvaluateNode",
    "LoadNode",
    "Node",
    "NotApplicable",
    "PhaseNode",
    "Plan",
    "PruneNode",
    "TrainNode",
    "Trial",
    "make_plan",
]
