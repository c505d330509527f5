"""The logits of two models that the fixtures of this folder share: 60 examples of 6 classes, float32, ties and a row of equal logits among them."""
import numpy

EXAMPLES, CLASSES = 60, 6


def tables():
    """(robust, standard, labels); the standard model is larger in scale and agrees only in part."""
    random = numpy.random.default_rng(5)
    robust = random.normal(0, 2, (EXAMPLES, CLASSES))
    standard = 2.5 * (0.6 * robust + 0.8 * random.normal(0, 1.5, (EXAMPLES, CLASSES)))
    robust[7] = robust[7].round()
    robust[8] = [3, 1, 3, 1, 0, 1]
    robust[9] = 0.25
    standard[10] = standard[10].round()
    labels = numpy.where(random.uniform(size=EXAMPLES) < 0.7, robust.argmax(1), random.integers(0, CLASSES, EXAMPLES))
    return robust.astype(numpy.float32), standard.astype(numpy.float32), labels


def floats(values):
    """Nine digits give every float32 back."""
    return [float(f"{float(value):.9g}") for value in numpy.asarray(values).reshape(-1)]


def doubles(values):
    return [float(value) for value in numpy.asarray(values, dtype=numpy.float64).reshape(-1)]


def order_of(row):
    """Classes from the largest logit to the smallest; of equal ones the lower class first."""
    return sorted(range(len(row)), key=lambda k: (-row[k], k))


def softmax(z):
    shifted = numpy.exp(z - z.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)
