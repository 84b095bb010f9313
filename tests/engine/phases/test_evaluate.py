"""A measurement scores the network of a phase on query and gallery, or says that it diverged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from reidbench.api.records import DatasetRecord
from reidbench.engine.phases.checkpoint import HEAD_FILE
from reidbench.engine.phases.evaluate import per_query, run_evaluate
from reidbench.engine.retrieval import Features, extract, score, score_reranked
from reidbench.errors import Diverged
from reidbench.results import Metrics
from tests.engine.phases.pictures import READ
from tests.engine.phases.world import configured, method, protocol


def test_metrics_are_shares_and_queries_stay_aligned(world):
    notes = world.run(world.measure(world.train()))
    metrics = Metrics.model_validate(notes["metrics"])
    shares = (metrics.mAP, metrics.rank1, metrics.rank5, metrics.rank10, metrics.mINP)
    assert all(0 < share <= 1 for share in shares)
    per_query = notes["per_query"]
    assert per_query["pids"] == [pid for pid in range(101, 107) for _ in range(2)]
    precision = per_query["average_precision"]
    assert len(precision) == 12
    assert notes["metrics"]["mAP"] == pytest.approx(sum(precision) / 12, abs=1e-6)


def test_the_first_match_of_each_query_gives_the_rank_k_scores(world):
    notes = world.run(world.measure(world.train()))
    metrics, ranks = Metrics.model_validate(notes["metrics"]), notes["per_query"]["first_match"]
    assert all(isinstance(rank, int) and rank >= 1 for rank in ranks)
    shares = {k: sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 5, 10)}
    assert (metrics.rank1, metrics.rank5, metrics.rank10) == (shares[1], shares[5], shares[10])
    assert metrics.rank1 < 1


def test_a_protocol_may_have_what_is_retrieved_ranked_over(world, monkeypatch):
    plain, seen = world.rules, []

    def watched(query, gallery, **rules):
        seen.append((rules, score_reranked(query, gallery, **rules)))
        return seen[-1][1]

    monkeypatch.setattr("reidbench.engine.phases.evaluate.score_reranked", watched)
    reranking = protocol(evaluation={"rerank": {"k1": 4, "k2": 2, "weight": 0.3}})
    assert reranking.digest != plain.digest
    metrics = world.run(world.but(rules=reranking).measure(world.train()))["metrics"]
    [(rules, scores)] = seen
    metric, device = plain.evaluation.metric, torch.device("cpu")
    assert rules == {"metric": metric, "device": device, "k1": 4, "k2": 2, "weight": 0.3}
    assert metrics["mAP"] == scores.mAP
    assert metrics["mAP"] != world.run(world.measure(world.train()))["metrics"]["mAP"]


def test_a_query_without_a_match_has_neither_precision_nor_rank():
    # Person 2 is in the gallery in the query's own camera alone; person 1's hit ties a stranger.
    query = features([[0.0], [5.0]], [1, 2], [0, 0])
    gallery = features([[1.0], [-1.0], [5.0]], [1, 3, 2], [1, 1, 0])
    scores = score(query, gallery)
    found = per_query(scores, [1, 2])
    assert found.average_precision == [0.5, None]
    assert found.first_match == [2, None]
    assert scores.rank1 == 0


def features(embeddings, pids, camids):
    return Features(torch.tensor(embeddings), np.array(pids), np.array(camids))


def test_training_helps_on_people_never_seen(world):
    longer = world.but(rules=protocol(budgets={"train": {"epochs": 12}}))
    untrained = world.prune(method("ByDice"), reduction=0.1, network=None, budget=None)
    before = world.run(world.measure(untrained))["metrics"]["mAP"]
    after = longer.run(longer.measure(longer.train()))["metrics"]["mAP"]
    assert after > before


def test_the_pruned_and_the_final_network_are_measured_apart(world):
    node = world.prune(method("ByDice"), reduction=0.75)
    pruned = world.run(world.measure(node, "pruned"))
    final = world.run(world.measure(node))
    assert pruned["per_query"] != final["per_query"]


def test_measuring_twice_gives_the_same_numbers(world, fresh):
    node = world.measure(world.train())
    torch.rand(3)
    first, second = world.run(node), fresh.run(node)
    assert first["per_query"] == second["per_query"]
    assert first["metrics"] == second["metrics"]


def test_a_measurement_reads_test_images_alone(fresh):
    here = fresh.but(
        data=configured(DatasetRecord, "counted", "tests.engine.phases.pictures:counted")
    )
    node = here.measure(here.train())
    here.run(here.train())
    READ.clear()
    here.run(node)
    assert {name.split("/")[0] for name in READ} == {"query", "gallery"}
    assert len(READ) == len(set(READ)) == 36


def test_weights_that_are_not_finite_diverge_and_leave_no_score(fresh):
    phase, node = fresh.train(), fresh.measure(fresh.train())
    fresh.run(phase)
    head = fresh.store.folder(phase.key) / HEAD_FILE
    tensors = load_file(head)
    tensors["neck.weight"][0] = torch.nan
    save_file(tensors, head)
    with pytest.raises(Diverged):
        run_evaluate(node, fresh.context())
    assert not fresh.store.has(node.key)


def test_the_embedding_is_the_one_after_the_bnneck(fresh):
    phase, node = fresh.train(), fresh.measure(fresh.train())
    fresh.run(phase)
    first = fresh.run(node)["per_query"]
    head = fresh.store.folder(phase.key) / HEAD_FILE
    tensors = load_file(head)
    tensors["neck.weight"][1:] = 0  # one dimension is left
    save_file(tensors, head)
    again = fresh.but(rules=protocol(evaluation={"batch": 5}))
    other = again.measure(phase)
    assert again.run(other)["per_query"] != first


def test_the_batch_of_a_measurement_does_not_change_its_numbers(world):
    small = protocol(evaluation={"batch": 5})
    phase = world.train()
    first = world.run(world.measure(phase))
    second = world.but(rules=small).run(world.but(rules=small).measure(phase))
    assert first["metrics"] == pytest.approx(second["metrics"], abs=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_features_are_computed_in_the_protocols_precision(world, monkeypatch, precision):
    seen = set()

    def watched(network, batches):
        stem = network.backbone.stem
        stem.register_forward_hook(lambda _, inputs, output: seen.add(output.dtype))
        return extract(network, batches)

    here = world.but(rules=protocol(training={"precision": precision}))
    here.run(here.train())
    monkeypatch.setattr("reidbench.engine.phases.evaluate.extract", watched)
    run_evaluate(here.measure(here.train()), here.context())
    assert seen == {getattr(torch, precision)}
