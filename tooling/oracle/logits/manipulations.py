"""The manipulations of teacher logits that need no random numbers, example by example, as a fixture.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/logits/manipulations.py
Made with numpy 1.24. Test: packages/analysis-logits/test/oracle.test.ts.
"""
import json
import pathlib

import numpy

from tables import CLASSES, EXAMPLES, doubles, floats, order_of, softmax, tables

here = pathlib.Path(__file__).parent / "fixtures"
robust, standard, _ = (numpy.asarray(table, dtype=numpy.float64) for table in tables())
orders = [order_of(row) for row in robust]
sorted_rows = numpy.array([row[order] for row, order in zip(robust, orders)])
mean_gap = (sorted_rows[:, 0] - sorted_rows[:, 1]).mean()
mean_max = sorted_rows[:, 0].mean()
mean_confidence = softmax(robust).max(1).mean()


def each(change):
    return numpy.array([change(i, row.copy(), orders[i]) for i, row in enumerate(robust)])


def m1(i, row, order):
    row[order[1:]] = row[order[1:]].mean()
    return row


def m3(i, row, order):
    row[order[2:]] = row[order[2:]].mean()
    return row


def m5(i, row, order):
    row[order] = sorted_rows.mean(0)
    return row


def m6(i, row, order):
    same = [other for other in range(EXAMPLES) if orders[other][0] == order[0]]
    return robust[same].mean(0)


def m7(i, row, order):
    row[order[0]] = row[order[1]] + mean_gap
    return row


def m8(i, row, order):
    return row + (mean_max - row[order[0]])


def m9(i, row, order):
    """The other classes in the standard model's order; the largest logit stays with its class."""
    others = [k for k in order_of(standard[i]) if k != order[0]]
    row[others] = sorted_rows[i][1:]
    return row


def m10(i, row, order):
    row[order] = numpy.sort(standard[i])[::-1]
    return row


def m11(i, row, order):
    p = numpy.full(CLASSES, (1 - mean_confidence) / (CLASSES - 1))
    p[order[0]] = mean_confidence
    return numpy.log(p) - numpy.log(p).mean()


found = {"M0": robust, "M1": each(m1), "M3": each(m3), "M5": each(m5), "M6": each(m6), "M7": each(m7), "M8": each(m8), "M9": each(m9), "M10": each(m10), "M11": each(m11)}
fixture = {
    "classes": CLASSES,
    "robust": floats(robust),
    "standard": floats(standard),
    "manipulated": {name: doubles(table) for name, table in found.items()},
}
(here / "manipulations.json").write_text(json.dumps(fixture) + "\n")
