"""Statistics over runs and tasks as Google's rliable computes them, with the indices that its bootstrap drew.

    python3 tools/golden/statistics.py __test__/golden/statistics/rliable.json

Scores are [runs][tasks]. `drawn` are all indices of a bootstrap in the order in which they were drawn, so that another implementation that
resamples by them must give the same intervals; `wide` are intervals of many resamples, which it must come near with draws of its own.
Needs rliable 1.2.0, which brings numpy, scipy and arch, with pandas below 3. Takes a minute.
"""

import json
import sys

import numpy as np
from rliable import library, metrics

CONFIDENCE, FEW, MANY, OPTIMUM = 0.95, 40, 4_000, 0.9
THRESHOLDS = [0.0, 0.25, 0.5, 0.75, 0.9, 1.0]


def aggregates(scores):
    return np.array(
        [
            metrics.aggregate_iqm(scores),
            metrics.aggregate_mean(scores),
            metrics.aggregate_median(scores),
            metrics.aggregate_optimality_gap(scores),
            metrics.aggregate_optimality_gap(scores, OPTIMUM),
        ]
    )


def profile(scores):
    return library.score_distributions(scores, THRESHOLDS)


def improvement(x, y):
    return np.array([metrics.probability_of_improvement(x, y)])


def intervals(scores, function, resamples, confidence=CONFIDENCE):
    """Point estimates, intervals, and what was drawn."""
    drawn, choice = [], np.random.choice

    def recorded(*args, **kwargs):
        values = choice(*args, **kwargs)
        drawn.extend(np.ravel(values).tolist())
        return values

    np.random.seed(7)
    np.random.choice = recorded
    try:
        points, bounds = library.get_interval_estimates(
            {"_": scores}, function, reps=resamples, confidence_interval_size=confidence
        )
    finally:
        np.random.choice = choice
    return {"values": points["_"].tolist(), "low": bounds["_"][0].tolist(), "high": bounds["_"][1].tolist()}, drawn


def estimated(scores, function, confidence=CONFIDENCE):
    few, drawn = intervals(scores, function, FEW, confidence)
    wide, _ = intervals(scores, function, MANY)
    return {**few, "drawn": drawn, "confidence": confidence, "wide": {"low": wide["low"], "high": wide["high"]}}


def main(path):
    rng = np.random.default_rng(3)
    one = np.array([[0.2], [0.9], [0.4], [1.0], [0.7]])
    even = np.round(rng.uniform(0, 1, (10, 3)), 3)
    # Mastered or nearly so, with ties, as success rates are; one run failed.
    tied = np.minimum(np.round(rng.uniform(0.8, 1.1, (7, 4)), 2), 1)
    tied[3, 2] = 0
    returns = np.round(rng.normal(-3, 20, (6, 2)), 4)
    better = np.minimum(tied[:5] + 0.05, 1)
    cases = {"one": one, "even": even, "tied": tied, "returns": returns, "better": better}
    alone = [
        {
            "name": name,
            "scores": scores.tolist(),
            "aggregates": estimated(scores, aggregates),
            "profile": estimated(scores, profile, 0.8),
        }
        for name, scores in cases.items()
    ]
    pairs = [("better", "tied"), ("tied", "better"), ("tied", "tied"), ("even", "even")]
    compared = [{"x": x, "y": y, **estimated([cases[x], cases[y]], improvement)} for x, y in pairs]
    with open(path, "w", encoding="utf-8") as file:
        golden = {"optimum": OPTIMUM, "thresholds": THRESHOLDS, "resamples": FEW, "alone": alone, "compared": compared}
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
