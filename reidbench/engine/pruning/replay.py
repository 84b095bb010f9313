"""How a prune phase goes on from a checkpoint: its strategy runs again, and skips what was done."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from reidbench.engine.channels import PruningPlan
from reidbench.engine.pruning.method_state import (
    initial_attributes,
    keep_method,
    keep_random,
    restore_method,
    restore_random,
)
from reidbench.engine.training.checkpoints import Checkpoints
from reidbench.engine.training.snapshot import (
    Snapshot,
    fill,
    restore_training,
    training_snapshot,
)

if TYPE_CHECKING:
    from reidbench.engine.pruning.phase import Pruning

_JUST_CUT, _RANKING = "just_cut.", "random.ranking"


class Replay:
    """Takes snapshots of a prune phase, and puts one back when the strategy has come so far.

    Strategies are functions of steps and shares alone, so that running one again leads to the step
    of the snapshot: until then cuts are left out, and steps only counted. A method's own schedule
    may ask for more; it is kept only as long as it has done nothing but train.

    Attributes:
        final: the plan that a layer-by-layer cut works towards.
        is_cut: whether the last cut of the strategy is done; no code of the method runs after it.
        has_asked: whether the phase has answered anything that its caller may build on.

    """

    def __init__(self, phase: Pruning, checkpoints: Checkpoints | None) -> None:
        self._phase = phase
        self._initial = initial_attributes(phase.method)
        self._found = checkpoints.found if checkpoints is not None else None
        self.final: PruningPlan | None = None
        self.is_cut = self.has_asked = False
        if checkpoints is not None:
            checkpoints.take_by(self.snapshot)

    @property
    def is_skipping(self) -> bool:
        """Whether what the strategy asks for was done before the checkpoint."""
        return self._found is not None

    def skip(self, steps: int) -> int:
        """Skip steps that were taken before the checkpoint; return how many are left to take."""
        if self._found is None:
            return steps
        trainer = self._phase.trainer
        skipped: int = min(steps, self._found.notes["done"] - trainer.done)
        trainer.skip(skipped)
        if trainer.done == self._found.notes["done"]:
            found, self._found = self._found, None
            self._restore(found)
        return steps - skipped

    def snapshot(self) -> Snapshot | None:
        """Return the state of the phase between two steps; None if it cannot be kept exactly."""
        phase = self._phase
        own = phase.node.method.strategy == "own" or phase.node.method.record.prunes == "nothing"
        if own and self.has_asked:
            return None
        snapshot = training_snapshot(phase.trainer)
        needs_method = own or not self.is_cut
        network = phase.prunable.network
        if needs_method and not keep_method(snapshot, phase.method, self._initial, network):
            return None
        keep_random(snapshot)
        snapshot.tensors[_RANKING] = phase.random.get_state()
        if phase.just_cut is not None:
            snapshot.put(_JUST_CUT, phase.just_cut.state_dict())
        snapshot.notes |= {
            "plan": phase.prunable.plan.to_json(),
            "final": self.final and self.final.to_json(),
            "is_cut": self.is_cut,
        }
        return snapshot

    def _restore(self, found: Snapshot) -> None:
        phase, notes = self._phase, found.notes
        plan = _plan(notes["plan"])
        if plan != phase.prunable.plan:
            phase.prunable.remove(plan, phase.trainer.optimiser)
        restore_training(phase.trainer, found)
        if just_cut := found.below(_JUST_CUT):
            phase.just_cut = copy.deepcopy(phase.prunable.network)
            fill(phase.just_cut, just_cut)
        if "method" in notes:
            restore_method(found, phase.method)
        restore_random(found)
        phase.random.set_state(found.tensors[_RANKING])
        self.final = _plan(notes["final"]) if notes["final"] else None
        self.is_cut = notes["is_cut"]


def _plan(document: Any) -> PruningPlan:
    return PruningPlan.from_json(document)
