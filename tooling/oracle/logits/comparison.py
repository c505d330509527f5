"""Statistics of logits and the comparison of two models, as a fixture, from their definitions in float64.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/logits/comparison.py
Made with numpy 1.24. Test: packages/analysis-logits/test/oracle.test.ts.
"""
import json
import pathlib

import numpy

from tables import doubles, floats, order_of, softmax, tables

here = pathlib.Path(__file__).parent / "fixtures"
robust, standard, labels = tables()
shares = [0.05, 0.25, 0.5, 0.75, 0.95]


def measures(table):
    z = table.astype(numpy.float64)
    ordered = numpy.sort(z, 1)[:, ::-1]
    p = softmax(z)
    return {
        "max": ordered[:, 0],
        "centredMax": ordered[:, 0] - z.mean(1),
        "gap": ordered[:, 0] - ordered[:, 1],
        "confidence": p.max(1),
        "trueConfidence": p[numpy.arange(len(z)), labels],
    }


def summary(values):
    deviation = values.std()
    return {
        "mean": float(values.mean()),
        "std": float(deviation),
        "skewness": float((((values - values.mean()) / deviation) ** 3).mean()),
        "min": float(values.min()),
        "max": float(values.max()),
        "quantiles": doubles(numpy.quantile(values, shares)),
    }


def pearson(a, b):
    return float(numpy.corrcoef(a, b)[0, 1])


def average_ranks(values):
    """1 for the smallest; equal values share the mean of their ranks."""
    return numpy.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


def tau_b(a, b):
    """Kendall 1945: concordant minus discordant pairs over the geometric mean of the pairs untied in each."""
    total = untied_a = untied_b = 0
    for i in range(len(a)):
        for j in range(i):
            x, y = numpy.sign(a[i] - a[j]), numpy.sign(b[i] - b[j])
            total += x * y
            untied_a += x != 0
            untied_b += y != 0
    return float(total / numpy.sqrt(untied_a * untied_b)) if untied_a and untied_b else None


def ordering(a, b):
    """Kendall's tau and the top-3 overlap over the classes that neither model puts first."""
    taus, overlaps = [], []
    for first, second in zip(a, b):
        left = [k for k in range(len(first)) if k not in (order_of(first)[0], order_of(second)[0])]
        taus.append(tau_b([first[k] for k in left], [second[k] for k in left]))
        top = [set([k for k in order_of(row) if k in left][:3]) for row in (first, second)]
        overlaps.append(len(top[0] & top[1]) / 3)
    return taus, overlaps


def mean_map(table):
    predicted = numpy.array([order_of(row)[0] for row in table])
    z = table.astype(numpy.float64)
    return [doubles(z[predicted == k].mean(0)) if (predicted == k).any() else None for k in range(z.shape[1])]


own = {"robust": measures(robust), "standard": measures(standard)}
confidence = {name: found["confidence"] for name, found in own.items()}
ranks = {name: average_ranks(values) for name, values in confidence.items()}
taus, overlaps = ordering(robust, standard)
fixture = {
    "classes": robust.shape[1],
    "robust": floats(robust),
    "standard": floats(standard),
    "labels": labels.tolist(),
    "shares": shares,
    "measures": {name: {key: doubles(values) for key, values in found.items()} for name, found in own.items()},
    "summaries": {name: {key: summary(values) for key, values in found.items()} for name, found in own.items()},
    "correlation": {name: pearson(found["max"], found["gap"]) for name, found in own.items()},
    "differences": doubles(confidence["robust"] - confidence["standard"]),
    "rankDifferences": doubles((ranks["robust"] - ranks["standard"]) / len(labels)),
    "spearman": pearson(ranks["robust"], ranks["standard"]),
    "taus": taus,
    "overlaps": overlaps,
    "meanMap": {"robust": mean_map(robust), "standard": mean_map(standard)},
}
(here / "comparison.json").write_text(json.dumps(fixture) + "\n")
