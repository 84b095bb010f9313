"""A measurement: embeddings of query and gallery, and how well one retrieves the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from reidbench.api.data import Split
from reidbench.config.protocol import EvaluationRules, Protocol
from reidbench.engine.phases.checkpoint import PRUNED, fresh_network, load_network
from reidbench.engine.phases.context import PhaseContext
from reidbench.engine.pruning.torch_settings import unchanged
from reidbench.engine.retrieval import Features, RetrievalScores, extract, score, score_reranked
from reidbench.engine.stopwatch import Stopwatch
from reidbench.engine.training import Network
from reidbench.engine.training.augment import normalise
from reidbench.plan import EvaluateNode
from reidbench.results import Metrics, PerQuery


def run_evaluate(node: EvaluateNode, context: PhaseContext) -> None:
    """Measure a phase's network; store its metrics and what each query scores.

    Raises:
        Diverged: embeddings that are not finite.
    """
    query, gallery = context.test_images(node.data, node.protocol.input)
    stopwatch = Stopwatch()
    with stopwatch.running("features"), unchanged(node.network.backbone.label, "backbone"):
        network = _network(node, context)
        both = [
            _features(network, pixels, split, node, context) for pixels, split in (query, gallery)
        ]
    with stopwatch.running("ranking"):
        scores = _scores(both[0], both[1], node.protocol.evaluation, context)
    with context.store.writing(node.key) as (_, meta):
        meta.update(
            kind=node.kind,
            document=node.document(),
            metrics=Metrics(**{n: getattr(scores, n) for n in Metrics.model_fields}).model_dump(),
            per_query=per_query(scores, query[1].pids).model_dump(),
            **stopwatch.notes(),
        )


def _scores(
    query: Features, gallery: Features, rules: EvaluationRules, context: PhaseContext
) -> RetrievalScores:
    if rules.rerank is None:
        return score(query, gallery, metric=rules.metric, device=context.device)
    return score_reranked(
        query,
        gallery,
        metric=rules.metric,
        device=context.device,
        **rules.rerank.model_dump(),
    )


def _network(node: EvaluateNode, context: PhaseContext) -> Network:
    context.store.mark_used(node.network.key)
    folder = context.store.folder(node.network.key)
    network = fresh_network(node.network, identities=1)
    if node.state == "pruned":
        folder = folder / PRUNED
    graph = context.dense(node.network).graph
    load_network(folder, network, node.protocol.input.size, classifier=False, graph=graph)
    return network.to(context.device)


def _features(
    network: Network, pixels: Tensor, split: Split, node: EvaluateNode, context: PhaseContext
) -> Features:
    def batches() -> Iterator[Tensor]:
        done = 0
        for part in torch.split(pixels, node.protocol.evaluation.batch):
            yield normalise(part, node.protocol.input).to(context.device)
            done += len(part)
            context.listener(done, len(pixels), "features")

    with as_measured(node.protocol, context.device):
        embeddings = extract(network, batches())
    return Features(embeddings, np.asarray(split.pids), np.asarray(split.camids))


def as_measured(rules: Protocol, device: torch.device) -> torch.autocast:
    """Return the context in which networks compute embeddings, in the protocol's precision."""
    enabled = rules.training.precision == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


def per_query(scores: RetrievalScores, pids: Iterable[int]) -> PerQuery:
    """Return what each query scored, ``pids`` being whose the queries are."""
    precision = [None if math.isnan(ap) else round(float(ap), 6) for ap in scores.average_precision]
    ranks = [None if math.isnan(rank) else int(rank) for rank in scores.first_hit_rank]
    return PerQuery(pids=[int(pid) for pid in pids], average_precision=precision, first_match=ranks)
